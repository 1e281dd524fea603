/**
 * The presence partitions that this member owns, each with the connections known to be online in it.
 *
 * A new owner reads back what the topic says of connections from before its first batch: once, in the background, at most
 * `maxReplayedRecords` from the end. Live batches apply beside it (presence-known.ts takes any order).
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Counter, Registry } from 'prom-client';
import { counterIn } from '../delivery/link-metrics.ts';
import { topics } from '../log/topics.ts';
import { decodeBatch, type PoisonSink } from './decode-batch.ts';
import { KnownConnections } from './presence-known.ts';
import type { PresenceLog } from './presence-ports.ts';

/** Poison went to the dead letters when it was handled the first time. */
const alreadyBuried: PoisonSink = { bury: () => Promise.resolve() };

const maxConnections = 100_000;
const maxReplayedRecords = 300_000;

export class OwnedPartitions {
  readonly #codec: EventCodec;
  readonly #log: PresenceLog;
  readonly #group: string;
  readonly #forgotten: Counter;
  #known = new Map<number, KnownConnections>();

  constructor(dependencies: { codec: EventCodec; log: PresenceLog; group: string; metrics: Registry }) {
    this.#codec = dependencies.codec;
    this.#log = dependencies.log;
    this.#group = dependencies.group;
    this.#forgotten = counterIn(dependencies.metrics, {
      name: 'parley_presence_connections_forgotten_total',
      help: 'Connections that a lost store would not be checked for, because there are too many in a partition',
    });
  }

  /** Begins anew with these: what others owned in between is not known. */
  assign(partitions: readonly number[]): void {
    this.#known = new Map(
      partitions.map((partition) => [partition, new KnownConnections(maxConnections, () => this.#forgotten.inc())]),
    );
  }

  partitions(): number[] {
    return [...this.#known.keys()];
  }

  connectionsOf(partition: number): KnownConnections | undefined {
    return this.#known.get(partition);
  }

  /** The partition's connections, read back if they were not yet; null if it is owned no more. @throws what the log throws */
  async replayed(partition: number): Promise<KnownConnections | null> {
    const known = this.#known.get(partition);
    if (known === undefined || known.isComplete) return known ?? null;
    const end = await this.#log.committed(this.#group, topics.presence, partition);
    if (end !== null) await this.#replay(partition, known, end);
    if (this.#known.get(partition) !== known) return null;
    known.replayed();
    return known;
  }

  async #replay(partition: number, known: KnownConnections, end: number): Promise<void> {
    const { earliest } = await this.#log.bounds(topics.presence, partition);
    const offset = Math.max(earliest, end - maxReplayedRecords);
    if (offset >= end) return;
    const batches = this.#log.read({ topic: topics.presence, partition, from: { offset }, toOffset: end });
    for await (const records of batches) {
      if (this.#known.get(partition) !== known) return;
      for (const event of await decodeBatch(records, 'presence_changed', this.#codec, alreadyBuried))
        known.apply(event);
    }
  }
}
