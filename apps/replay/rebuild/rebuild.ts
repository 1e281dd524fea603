/**
 * Fills a generation from the log, from where it was left, up to the log's end as it is when a pass begins.
 *
 * Partitions are read beside each other, a few at a time, by readers of their own that belong to no group, so that nothing of the live
 * groups moves. A batch is applied whole before the next is taken from its partition; every so many records the states are saved and then
 * the position. Killed at any point, it repeats what came after the last position, and all of that is idempotent.
 */

import type { RebuildPosition } from '@parley/projections/generations/rebuild-store';
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import { pause } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { LogReader } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { inParallel } from '@parley/streams/processors/in-parallel';
import type { DataKeys } from '@parley/streams/sealing/data-key';
import type { FilledGeneration } from '../generations/access.ts';
import { ConversationFold } from './conversation-fold.ts';
import type { Fold } from './fold.ts';
import { Pace } from './pace.ts';
import { ReceiptsFold } from './receipts-fold.ts';

export const rebuiltTopics = [topics.messages, topics.receipts] as const;
export type RebuiltTopic = (typeof rebuiltTopics)[number];

export interface RebuildEnvironment {
  readonly log: LogReader;
  readonly codec: EventCodec;
  readonly dataKeys: Pick<DataKeys, 'find'>;
  readonly clock: Clock;
  readonly timers: Timers;
}

export interface RebuildSettings {
  readonly topics: readonly RebuiltTopic[];
  readonly maxRecordsPerS: number | null;
  /** Partitions that are read at the same time. */
  readonly concurrency: number;
  readonly batchRecords: number;
  /** Records of a partition between two saved positions. */
  readonly recordsPerCheckpoint: number;
}

export const defaultRebuildSettings: RebuildSettings = {
  topics: rebuiltTopics,
  maxRecordsPerS: null,
  concurrency: 8,
  batchRecords: 2_000,
  recordsPerCheckpoint: 20_000,
};

export interface RebuildPass {
  readonly records: number;
  /** False if it was asked to stop before. */
  readonly isWhole: boolean;
}

/** Told from time to time: records that are in, of those that there are to be. */
export type RebuildObserver = (topic: string, done: number, total: number) => void;

interface Place {
  readonly fold: Fold;
  readonly partition: number;
  readonly end: number;
  position: RebuildPosition;
}

export class Rebuild {
  readonly #environment: RebuildEnvironment;
  readonly #into: FilledGeneration;
  readonly #settings: RebuildSettings;
  readonly #folds: readonly Fold[];
  readonly #pace: Pace;

  constructor(environment: RebuildEnvironment, into: FilledGeneration, settings = defaultRebuildSettings) {
    const { codec, clock, timers, dataKeys } = environment;
    const { projections, rebuild } = into;
    this.#environment = environment;
    this.#into = into;
    this.#settings = settings;
    this.#pace = new Pace(settings.maxRecordsPerS, clock, timers);
    this.#folds = [
      new ConversationFold({
        ...{ codec, clock, dataKeys, projector: projections.conversationProjector },
        ...{ ownStates: rebuild.states, states: projections.foldState },
      }),
      new ReceiptsFold(codec, projections.receiptProjector),
    ].filter(({ topic }) => settings.topics.some((chosen) => chosen === topic));
  }

  /** Up to the end of the log as it is now. */
  async pass(signal: AbortSignal, observe: RebuildObserver = () => undefined): Promise<RebuildPass> {
    const places = await this.#places();
    const totals = new Map(this.#folds.map(({ topic }) => [topic, { done: 0, total: 0 }]));
    for (const { fold, end, position } of places) {
      const total = totals.get(fold.topic)!;
      total.total += end;
      total.done += position.nextOffset;
    }
    let records = 0;
    const behind = places.filter(({ end, position }) => position.nextOffset < end);
    await inParallel(behind, this.#settings.concurrency, (place) =>
      this.#fill(place, signal, (taken, offsets) => {
        records += taken;
        const total = totals.get(place.fold.topic)!;
        total.done += offsets;
        observe(place.fold.topic, total.done, total.total);
      }),
    );
    return { records, isWhole: !signal.aborted };
  }

  /** Pass after pass, until it is asked to stop. */
  async follow(signal: AbortSignal, pauseMs: number, observe?: RebuildObserver): Promise<RebuildPass> {
    let records = 0;
    while (!signal.aborted) {
      records += (await this.pass(signal, observe)).records;
      if (!signal.aborted) await pause(this.#environment.timers, pauseMs);
    }
    return { records, isWhole: true };
  }

  async #places(): Promise<Place[]> {
    const { log } = this.#environment;
    const saved = new Map(
      (await this.#into.rebuild.positions()).map((position) => [`${position.topic}/${position.partition}`, position]),
    );
    const places: Place[] = [];
    for (const fold of this.#folds) {
      const { topic } = fold;
      const count = await log.partitionCount(topic);
      for (let partition = 0; partition < count; partition++) {
        const { earliest, end } = await log.bounds(topic, partition);
        const position = saved.get(`${topic}/${partition}`) ?? { topic, partition, nextOffset: 0, records: 0 };
        // Receipts are compacted; of messages nothing may be missing.
        if (topic === topics.messages && earliest > position.nextOffset)
          throw new ParleyError('unavailable', { detail: `${topic}/${partition} begins at ${earliest}` });
        places.push({ fold, partition, end, position });
      }
    }
    return places;
  }

  async #fill(place: Place, signal: AbortSignal, took: (records: number, offsets: number) => void): Promise<void> {
    const { fold, partition, end } = place;
    const { batchRecords, recordsPerCheckpoint } = this.#settings;
    if (signal.aborted) return;
    const from = { offset: place.position.nextOffset };
    const range = { topic: fold.topic, partition, from, toOffset: end, maxBatchRecords: batchRecords };
    let { nextOffset, records } = place.position;
    let unsaved = 0;
    for await (const batch of this.#environment.log.read(range)) {
      await fold.apply(partition, batch);
      const before = nextOffset;
      nextOffset = batch.at(-1)!.offset + 1;
      records += batch.length;
      unsaved += batch.length;
      took(batch.length, nextOffset - before);
      if (unsaved >= recordsPerCheckpoint || signal.aborted) {
        await this.#save(place, nextOffset, records);
        unsaved = 0;
      }
      if (signal.aborted) return;
      await this.#pace.took(batch.length);
    }
    // Where the last records before the end were compacted away, the end is reached all the same.
    took(0, end - nextOffset);
    await this.#save(place, end, records);
  }

  async #save(place: Place, nextOffset: number, records: number): Promise<void> {
    const { fold, partition } = place;
    await fold.checkpoint(partition);
    place.position = { topic: fold.topic, partition, nextOffset, records };
    await this.#into.rebuild.save(place.position);
  }
}
