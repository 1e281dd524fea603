/**
 * The receipts processor: chat.receipts becomes watermarks in the store and frames on the members' devices (design rule 18).
 *
 * A batch is decoded, merged by maximum, projected, then routed, then committed: whoever was told of a receipt can read it. In
 * conversations of up to 32 members an advance is one frame to every device of every member but the one that said so (the
 * member's own others clear their badge); in larger ones only the aggregate goes out, once a second. A frame never says less than
 * the one before it, as far as a bounded memory of what was told reaches; after a restart a frame may repeat. Personal marks are
 * projected beside them, and told to the user's own devices alone (inbox-updates.ts).
 */
import type { Event, EventCodec } from '@parley/schemas/codec/event-codec';
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import type { Clock, TimerHandle, Timers } from '@parley/schemas/environment/clock';
import type { PersonalMarkSet, ReceiptAdvanced } from '@parley/schemas/generated/events';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Counter, Registry } from 'prom-client';
import type { Routable } from '../delivery/delivery.ts';
import { counterIn } from '../delivery/link-metrics.ts';
import type { Router } from '../delivery/router.ts';
import type { BatchHandler, RecordBatch } from '../log/log.ts';
import { decodeEvents, type PoisonSink } from './decode-batch.ts';
import { inParallel } from './in-parallel.ts';
import { inboxUpdates } from './inbox-updates.ts';
import { mergeMarks } from './marks-merge.ts';
import type { InboxLookup, MemberLookup, PersonalMark, ReceiptProjector } from './ports.ts';
import { GroupAggregates, type WatermarkReader } from './receipts-aggregate.ts';
import { MemberCache } from './receipts-members.ts';
import { type Advance, mergeReceipts } from './receipts-merge.ts';

export const maxMembersWithLiveReceipts = 32;
const aggregateIntervalMs = 1_000;
const maxLookupsInFlight = 32;
const maxToldRemembered = 100_000;
export const receiptEvents = ['receipt_advanced', 'personal_mark_set'] as const;

export const receiptsIn = (events: readonly Event[]): ReceiptAdvanced[] =>
  events.flatMap(({ name, event }) => (name === 'receipt_advanced' ? [event] : []));

export const marksIn = (events: readonly Event[]): PersonalMarkSet[] =>
  events.flatMap(({ name, event }) => (name === 'personal_mark_set' ? [event] : []));

export interface ReceiptsDependencies {
  readonly codec: EventCodec;
  readonly poison: PoisonSink;
  readonly projector: ReceiptProjector;
  readonly watermarks: WatermarkReader;
  readonly members: MemberLookup;
  readonly inbox: InboxLookup;
  readonly router: Router;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Registry;
  readonly logger: Logger;
}

export class ReceiptsProcessor implements BatchHandler {
  readonly #codec: EventCodec;
  readonly #poison: PoisonSink;
  readonly #projector: ReceiptProjector;
  readonly #router: Router;
  readonly #inbox: InboxLookup;
  readonly #members: MemberCache;
  readonly #aggregates: GroupAggregates;
  readonly #timers: Timers;
  readonly #logger: Logger;
  readonly #received: Counter;
  readonly #projected: Counter;
  readonly #frames: Counter;
  /** The highest seq told of a member and kind. */
  readonly #told = new LRUCache<string, number>({ max: maxToldRemembered });
  #timer: TimerHandle | null = null;
  #telling: Promise<void> | null = null;

  constructor(dependencies: ReceiptsDependencies) {
    const { codec, poison, projector, watermarks, members, inbox, router, clock, timers, metrics, logger } =
      dependencies;
    this.#codec = codec;
    this.#poison = poison;
    this.#projector = projector;
    this.#router = router;
    this.#inbox = inbox;
    this.#members = new MemberCache(members, clock);
    this.#aggregates = new GroupAggregates(watermarks, router);
    this.#timers = timers;
    this.#logger = logger;
    this.#received = counterIn(metrics, { name: 'parley_receipts_received_total', help: 'Receipts read from the log' });
    this.#projected = counterIn(metrics, { name: 'parley_receipts_projected_total', help: 'Watermark steps stored' });
    this.#frames = counterIn(metrics, { name: 'parley_receipts_frames_total', help: 'Receipt frames routed' });
  }

  /** Begins to tell aggregates. */
  start(): void {
    this.#timer ??= this.#timers.every(aggregateIntervalMs, () => this.#tellAggregates());
  }

  /** After the subscription has ended. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.#telling;
  }

  assigned(): Promise<void> {
    this.#told.clear();
    this.#members.clear();
    this.#aggregates.forget();
    return Promise.resolve();
  }

  async handle(batch: RecordBatch): Promise<number | null> {
    const events = await decodeEvents(batch.records, receiptEvents, this.#codec, this.#poison);
    const { rows, advances } = mergeReceipts(receiptsIn(events));
    const marks = mergeMarks(marksIn(events));
    this.#received.inc(events.length);
    if (rows.length > 0 || marks.length > 0) {
      await this.#projector.project(rows, marks);
      this.#projected.inc(rows.length + marks.length);
      if (!batch.isCurrent()) return null;
      await this.#tell(advances, marks);
    }
    return batch.isCurrent() ? batch.records.at(-1)!.offset + 1 : null;
  }

  async #tell(advances: ReadonlyMap<string, readonly Advance[]>, marks: readonly PersonalMark[]): Promise<void> {
    const rising = [...advances.values()].map((list) => list.filter((one) => this.#rises(one)));
    const conversations = rising.filter((list) => list.length > 0);
    const routables: Routable[] = [];
    await inParallel(conversations, maxLookupsInFlight, async (list) => {
      const { conversationId } = list[0]!;
      const userIds = list.map(({ userId }) => userId);
      const members = await this.#members.membersOf(conversationId, userIds);
      const ofMembers = list.filter(({ userId }) => members.joins.has(userId));
      if (members.userIds.length > maxMembersWithLiveReceipts) {
        await this.#aggregates.advance(conversationId, members, ofMembers);
      } else {
        for (const advance of ofMembers) routables.push(frameFor(advance, members.userIds));
      }
    });
    const reads = conversations.flat().filter(({ kind }) => kind === 'read');
    routables.push(...(await inboxUpdates(this.#router, this.#inbox, marks, reads)));
    await this.#router.route(routables);
    this.#frames.inc(routables.length);
    for (const list of conversations) for (const one of list) this.#told.set(toldKey(one), one.seq);
  }

  #rises(advance: Advance): boolean {
    return advance.seq > (this.#told.get(toldKey(advance)) ?? 0);
  }

  #tellAggregates(): void {
    if (this.#telling !== null) return;
    this.#telling = this.#aggregates
      .tell()
      .catch((error: unknown) => this.#logger.warn({ err: error }, 'aggregates are told later'))
      .finally(() => {
        this.#telling = null;
      });
  }
}

const toldKey = ({ conversationId, userId, kind }: Advance): string => `${conversationId}/${userId}/${kind}`;

function frameFor(
  { conversationId, userId, kind, seq, atMs, deviceId }: Advance,
  members: readonly string[],
): Routable {
  return {
    frame: encodeFrame('receipt', { conversation_id: conversationId, user_id: userId, kind, seq, at_ms: atMs }),
    position: null,
    userIds: members,
    exceptDeviceId: deviceId,
  };
}
