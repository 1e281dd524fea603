/**
 * The conversation processor: chat.messages becomes decisions, rows, frames and push jobs (design section 3).
 *
 * For each batch of one partition, in this order, because the order is the guarantee:
 *
 *     0 decode      poison to the dead letters, the rest to events; the states of their conversations are loaded
 *     1 decide      the fold, in order of offset; what was sealed is opened then, and what has disappeared left out
 *     2 project     rows: whoever sees a message can fetch it
 *     3 route       verdicts and messages to the devices that are connected
 *     4 push        a job for each device that was not reached
 *     5 checkpoint  the states with their offsets are saved, then the offset is handed back to be committed
 *
 * Every step is idempotent and the fold is deterministic, so any failure is handled by doing the batch again: until step 4 is done
 * the states that the next batch sees are those from before. One file for each step: conversation-decode, -states, -decide,
 * -late-ids, -open, -rows, -frames, -push, -checkpoint.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock, TimerHandle, Timers } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Routable, RouteResult } from '../delivery/delivery.ts';
import type { BatchHandler, Log, RecordBatch } from '../log/log.ts';
import type { DataKeys } from '../sealing/data-key.ts';
import { PartitionCheckpoint } from './conversation-checkpoint.ts';
import { type Decided, decideSlice, type HaltedAt } from './conversation-decide.ts';
import { type DecodedRecord, decodeConversationRecords } from './conversation-decode.ts';
import { buildFrames } from './conversation-frames.ts';
import { verdictsOfLate } from './conversation-late-ids.ts';
import { ConversationMetrics } from './conversation-metrics.ts';
import { openContents } from './conversation-open.ts';
import { type PushJobSink, pushToUnreached } from './conversation-push.ts';
import { rebuildStates } from './conversation-rebuild.ts';
import { buildRows, isEmpty } from './conversation-rows.ts';
import { ConversationStates, type WorkingStates } from './conversation-states.ts';
import type { PoisonSink } from './decode-batch.ts';
import type { ConversationProjector, DeviceDirectory, FoldStateStore, MessageLookup } from './ports.ts';

/** The router, as far as a processor needs it. */
export interface FrameRouter {
  route(items: readonly Routable[]): Promise<RouteResult>;
}

export interface ConversationDependencies {
  /** Read only where a saved state has a layout that this build does not know. */
  readonly log: Pick<Log, 'read' | 'bounds'>;
  readonly codec: EventCodec;
  readonly poison: PoisonSink;
  readonly states: FoldStateStore;
  readonly projector: ConversationProjector;
  readonly lookup: MessageLookup;
  /** What disappears is sealed under these. */
  readonly dataKeys: Pick<DataKeys, 'find'>;
  readonly router: FrameRouter;
  readonly pushJobs: PushJobSink;
  readonly devices: DeviceDirectory;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Registry;
  readonly logger: Logger;
}

export interface ConversationSettings {
  /** States kept in memory beyond those that are not saved yet. */
  readonly maxCachedStates: number;
}

export const defaultConversationSettings: ConversationSettings = { maxCachedStates: 100_000 };

/** Recipients of the messages that are projected and routed at a time. */
const maxRecipientsPerSlice = 20_000;
/** A partition without batches for so long saves what waits for a checkpoint. */
const quietMs = 1_000;

interface OwnedPartition {
  readonly checkpoint: PartitionCheckpoint;
  handling: boolean;
  /** The last batch, by which to know whether the partition is still ours. */
  batch: RecordBatch;
  handledMs: number;
}

export class ConversationProcessor implements BatchHandler {
  readonly #dependencies: ConversationDependencies;
  readonly #states: ConversationStates;
  readonly #metrics: ConversationMetrics;
  readonly #partitions = new Map<string, OwnedPartition>();
  #generation = -1;
  #timer: TimerHandle | null = null;
  #saving: Promise<void> | null = null;

  constructor(dependencies: ConversationDependencies, settings = defaultConversationSettings) {
    this.#dependencies = dependencies;
    this.#states = new ConversationStates(dependencies.states, settings.maxCachedStates);
    this.#metrics = new ConversationMetrics(dependencies.metrics);
  }

  /** Begins to save the states of quiet partitions. */
  start(): void {
    this.#timer ??= this.#dependencies.timers.every(quietMs, () => this.#saveQuiet());
  }

  /** After the subscription has ended. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.#saving;
  }

  /** Rule 10: nothing that was cached under another generation is used again. */
  assigned(generation: number): Promise<void> {
    this.#generation = generation;
    this.#states.clear();
    this.#partitions.clear();
    this.#metrics.halted.reset();
    return Promise.resolve();
  }

  async handle(batch: RecordBatch): Promise<number | null> {
    if (!this.#isOurs(batch)) return null;
    const owned = this.#own(batch);
    owned.handling = true;
    try {
      return await this.#handleOwned(batch, owned);
    } finally {
      owned.handling = false;
      owned.handledMs = this.#dependencies.clock.nowMs();
    }
  }

  #isOurs(batch: RecordBatch): boolean {
    return batch.generation === this.#generation && batch.isCurrent();
  }

  #own(batch: RecordBatch): OwnedPartition {
    const { clock, states } = this.#dependencies;
    const key = `${batch.topic}/${batch.partition}`;
    let owned = this.#partitions.get(key);
    if (owned === undefined) {
      const nowMs = clock.nowMs();
      const checkpoint = new PartitionCheckpoint(states, this.#states, nowMs);
      owned = { checkpoint, handling: false, batch, handledMs: nowMs };
      this.#partitions.set(key, owned);
    }
    owned.batch = batch;
    return owned;
  }

  async #handleOwned(batch: RecordBatch, { checkpoint }: OwnedPartition): Promise<number | null> {
    const { codec, poison, clock } = this.#dependencies;
    const events = await decodeConversationRecords(batch.records, codec, poison);
    const working = await this.#load(batch, events);
    for (let next = 0; next < events.length; ) {
      const slice = decideSlice(events, next, working, maxRecipientsPerSlice);
      if (!(await this.#carryOut(batch, await this.#open(batch, slice.decided)))) return null;
      this.#apply(checkpoint, slice.decided);
      if (slice.halted !== null) await this.#halt(batch, slice.halted, checkpoint);
      next = slice.next;
    }
    this.#metrics.running(batch.partition);
    const nowMs = clock.nowMs();
    return checkpoint.isDue(batch, nowMs) ? checkpoint.save(nowMs) : null;
  }

  #load(batch: RecordBatch, events: readonly DecodedRecord[]): Promise<WorkingStates> {
    const ids = new Set<string>();
    for (const { conversationId } of events) ids.add(conversationId);
    return this.#states.load(ids, (offsets) => {
      const { topic, partition } = batch;
      this.#dependencies.logger.warn({ topic, partition, conversations: offsets.size }, 'states are folded again');
      return rebuildStates(this.#dependencies, batch, offsets);
    });
  }

  async #open({ topic, partition }: RecordBatch, sealed: readonly Decided[]): Promise<readonly Decided[]> {
    const { dataKeys, clock, logger } = this.#dependencies;
    const { decided, lost } = await openContents(sealed, dataKeys, clock.nowMs());
    if (lost > 0) {
      this.#metrics.lost(lost);
      logger.error({ topic, partition, messages: lost }, 'data keys are lost: messages that nobody can read any more');
    }
    return decided;
  }

  /** Steps 2 to 4. Resolves to false if the partition was taken away meanwhile: then nothing more is to be saved. */
  async #carryOut(batch: RecordBatch, decided: readonly Decided[]): Promise<boolean> {
    const { lookup, projector, router, devices, pushJobs } = this.#dependencies;
    const late = await verdictsOfLate(decided, lookup);
    const rows = buildRows(decided);
    if (!isEmpty(rows)) await projector.project(rows);
    await batch.heartbeat();
    if (!this.#isOurs(batch)) return false;
    const { routables, messages } = buildFrames(decided, late);
    if (routables.length > 0) {
      const result = await router.route(routables);
      await pushToUnreached(messages, result, devices, pushJobs);
      await batch.heartbeat();
    }
    return this.#isOurs(batch);
  }

  #apply(checkpoint: PartitionCheckpoint, decided: readonly Decided[]): void {
    const nowMs = this.#dependencies.clock.nowMs();
    for (const { conversationId, offset, state, outcome } of decided) {
      checkpoint.applied(conversationId, { state, offset }, nowMs);
      this.#metrics.decided(outcome);
    }
  }

  /** Rules 7 and 20: the partition waits, with an alarm; what came before stands, and is not done again. */
  async #halt(batch: RecordBatch, { event, code }: HaltedAt, checkpoint: PartitionCheckpoint): Promise<never> {
    const { topic, partition } = batch;
    const { offset, conversationId } = event;
    this.#metrics.halt(partition);
    this.#dependencies.logger.error(
      { topic, partition, offset, conversationId, code },
      'an event cannot be decided yet: the partition waits',
    );
    await checkpoint.saveAll();
    throw new ParleyError(code, { detail: `${topic}/${partition} at ${offset}` });
  }

  #saveQuiet(): void {
    if (this.#saving !== null) return;
    const { clock, logger } = this.#dependencies;
    const since = clock.nowMs() - quietMs;
    const quiet = [...this.#partitions.values()].filter(
      (owned) => !owned.handling && owned.handledMs <= since && this.#isOurs(owned.batch),
    );
    this.#saving = Promise.all(quiet.map(({ checkpoint }) => checkpoint.saveAll()))
      .then(() => undefined)
      .catch((error: unknown) => logger.warn({ err: error }, 'states of quiet partitions are saved later'))
      .finally(() => {
        this.#saving = null;
      });
  }
}
