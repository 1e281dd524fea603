/**
 * Receipts of large groups: not each member's, only up to where everybody has everything (design rule 18).
 *
 * The minimum is taken over the projected watermarks of the current members. They are read once for a conversation and from then
 * on raised by what this processor itself projects: it is the only writer as long as it owns the partition, so the copy equals the
 * store. Advances only mark a group; a timer sends what has risen, so that a group is told at most once a second.
 */
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import type { ReceiptKind } from '@parley/schemas/generated/events';
import { LRUCache } from 'lru-cache';
import type { Routable } from '../delivery/delivery.ts';
import type { Router } from '../delivery/router.ts';
import { inParallel } from './in-parallel.ts';
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
  members: readonly string[];
  readonly watermarks: Map<string, Watermarks>;
  readonly told: Watermarks;
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
    sizeCalculation: ({ members }) => members.length + 1,
  });
  /** Groups that advanced since they were last told; each is in the batch being handled or in the cache, so it is bounded too. */
  readonly #advanced = new Map<string, Group>();

  constructor(reader: WatermarkReader, router: Router) {
    this.#reader = reader;
    this.#router = router;
  }

  /** To be called after the advances were projected. */
  async advance(conversationId: string, members: readonly string[], advances: readonly Advance[]): Promise<void> {
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
  async #follow(conversationId: string, group: Group, members: readonly string[]): Promise<void> {
    if (group.members === members) return;
    const current = new Set(members);
    for (const userId of group.watermarks.keys()) if (!current.has(userId)) group.watermarks.delete(userId);
    const joined = members.filter((userId) => !group.watermarks.has(userId));
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
    const told: { readonly group: Group; readonly kind: ReceiptKind; readonly seq: number }[] = [];
    const routables: Routable[] = [];
    const groups = [...this.#advanced];
    for (const [conversationId, group] of groups) {
      for (const kind of kinds) {
        const seq = lowest(group, kind);
        if (seq <= group.told[kind]) continue;
        told.push({ group, kind, seq });
        routables.push({
          frame: encodeFrame('receipt_aggregate', {
            conversation_id: conversationId,
            kind,
            seq,
            at_ms: group.lastAtMs,
          }),
          position: null,
          userIds: group.members,
        });
      }
    }
    this.#advanced.clear();
    try {
      await this.#router.route(routables);
    } catch (error) {
      for (const [conversationId, group] of groups) this.#advanced.set(conversationId, group);
      throw error;
    }
    for (const { group, kind, seq } of told) group.told[kind] = seq;
  }

  /** Another reader may write from now on. */
  forget(): void {
    this.#groups.clear();
    this.#advanced.clear();
  }
}

const newGroup = (): Group => ({
  members: [],
  watermarks: new Map(),
  told: { delivered: 0, read: 0 },
  lastAtMs: 0,
});

function lowest(group: Group, kind: ReceiptKind): number {
  let seq = Number.POSITIVE_INFINITY;
  for (const own of group.watermarks.values()) seq = Math.min(seq, own[kind]);
  return group.watermarks.size === 0 ? 0 : seq;
}
