/**
 * Receipts of large groups: not each member's, only up to where everybody else has everything (design rule 18).
 *
 * The minimum is taken over the projected watermarks of the current members. They are read once for a conversation and from then
 * on raised by what this processor itself projects: it is the only writer as long as it owns the partition, so the copy equals the
 * store. A member lacks nothing of what came before they joined, so their watermark stands there at least. Nobody need acknowledge what they sent themselves, so the one who is
 * furthest behind is told of the others alone. Advances only mark a group; a timer sends what has risen, so that a group is told at most once a second.
 */
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import type { ReceiptKind } from '@parley/schemas/generated/events';
import { LRUCache } from 'lru-cache';
import type { Routable } from '../delivery/delivery.ts';
import type { Router } from '../delivery/router.ts';
import { inParallel } from './in-parallel.ts';
import type { Members } from './receipts-members.ts';
import type { Advance } from './receipts-merge.ts';

/** The receipts projection, as far as it is asked here. */
export interface WatermarkReader {
  /** Every device's watermarks of one member. */
  watermarks(
    conversationId: string,
    userId: string,
  ): Promise<ReadonlyArray<{ readonly deviceId: string; readonly kind: ReceiptKind; readonly seq: number }>>;
}

type Watermarks = Record<ReceiptKind, number>;

interface Group {
  members: Members;
  readonly watermarks: Map<string, Watermarks>;
  readonly told: Watermarks;
  /** The one who is furthest behind, and what they were told of the others. */
  readonly toldApart: Record<ReceiptKind, { userId: string; seq: number }>;
  lastAtMs: number;
}

/** Members of all cached groups together; one costs about 150 bytes. */
const maxCachedMembers = 200_000;
const maxReadsInFlight = 32;
const kinds: readonly ReceiptKind[] = ['delivered', 'read'];

export class GroupAggregates {
  readonly #reader: WatermarkReader;
  readonly #router: Router;
  readonly #groups = new LRUCache<string, Group>({
    maxSize: maxCachedMembers,
    sizeCalculation: ({ members }) => members.userIds.length + 1,
  });
  /** Groups that advanced since they were last told; each is in the batch being handled or in the cache, so it is bounded too. */
  readonly #advanced = new Map<string, Group>();

  constructor(reader: WatermarkReader, router: Router) {
    this.#reader = reader;
    this.#router = router;
  }

  /** To be called after the advances were projected. */
  async advance(conversationId: string, members: Members, advances: readonly Advance[]): Promise<void> {
    const group = this.#groups.get(conversationId) ?? newGroup();
    await this.#follow(conversationId, group, members);
    for (const { userId, kind, seq, atMs } of advances) {
      const own = group.watermarks.get(userId);
      if (own === undefined) continue;
      own[kind] = Math.max(own[kind], seq);
      group.lastAtMs = Math.max(group.lastAtMs, atMs);
    }
    this.#groups.set(conversationId, group);
    this.#advanced.set(conversationId, group);
  }

  /** Forgets who left and reads the watermarks of who is new. */
  async #follow(conversationId: string, group: Group, members: Members): Promise<void> {
    if (group.members === members) return;
    for (const userId of group.watermarks.keys()) if (!members.joins.has(userId)) group.watermarks.delete(userId);
    const joined = members.userIds.filter((userId) => !group.watermarks.has(userId));
    const read = await inParallel(joined, maxReadsInFlight, (userId) =>
      this.#reader.watermarks(conversationId, userId),
    );
    joined.forEach((userId, index) => {
      const own: Watermarks = { delivered: 0, read: 0 };
      for (const { kind, seq } of read[index]!) own[kind] = Math.max(own[kind], seq);
      group.watermarks.set(userId, own);
    });
    group.members = members;
  }

  /** Tells the groups whose minimum has risen; to be called once a second. @throws what routing throws: they are told next time */
  async tell(): Promise<void> {
    const told: (() => void)[] = [];
    const routables: Routable[] = [];
    const groups = [...this.#advanced];
    for (const [conversationId, group] of groups) {
      const add = (kind: ReceiptKind, seq: number, userIds: readonly string[]): void => {
        const about = { conversation_id: conversationId, kind, seq, at_ms: group.lastAtMs };
        routables.push({ frame: encodeFrame('receipt_aggregate', about), position: null, userIds });
      };
      for (const kind of kinds) {
        const { userId, seq, othersSeq } = lowest(group, kind);
        if (seq > group.told[kind]) {
          add(kind, seq, group.members.userIds);
          told.push(() => {
            group.told[kind] = seq;
          });
        }
        const apart = group.toldApart[kind];
        if (othersSeq > Math.max(seq, group.told[kind], apart.userId === userId ? apart.seq : 0)) {
          add(kind, othersSeq, [userId]);
          told.push(() => {
            group.toldApart[kind] = { userId, seq: othersSeq };
          });
        }
      }
    }
    this.#advanced.clear();
    try {
      await this.#router.route(routables);
    } catch (error) {
      for (const [conversationId, group] of groups) this.#advanced.set(conversationId, group);
      throw error;
    }
    for (const note of told) note();
  }

  /** Another reader may write from now on. */
  forget(): void {
    this.#groups.clear();
    this.#advanced.clear();
  }
}

const newGroup = (): Group => ({
  members: { joins: new Map(), userIds: [] },
  watermarks: new Map(),
  told: { delivered: 0, read: 0 },
  toldApart: { delivered: { userId: '', seq: 0 }, read: { userId: '', seq: 0 } },
  lastAtMs: 0,
});

interface Lowest {
  /** Who is furthest behind, and where. */
  readonly userId: string;
  readonly seq: number;
  /** Up to where all the others have everything that is theirs to have. */
  readonly othersSeq: number;
}

/** Who has read has received. */
function lowest({ watermarks, members }: Group, kind: ReceiptKind): Lowest {
  let [userId, seq, othersSeq] = ['', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const [memberId, own] of watermarks) {
    const said = kind === 'delivered' ? Math.max(own.delivered, own.read) : own.read;
    const reached = Math.max(said, (members.joins.get(memberId) ?? 1) - 1);
    if (reached < seq) [userId, seq, othersSeq] = [memberId, reached, seq];
    else othersSeq = Math.min(othersSeq, reached);
  }
  return Number.isFinite(othersSeq) ? { userId, seq, othersSeq } : { userId, seq: 0, othersSeq: 0 };
}
