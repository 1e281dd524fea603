/**
 * The end of the checkpoints of one partition: what the next one follows, and the append that adds it.
 *
 * A checkpoint that got the very offset that the tail expected was the next one. Any other offset means that somebody else wrote
 * meanwhile (or that the log wrote it twice): then the topic is read on, and whoever came first in it counts.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import { invariant } from '@parley/schemas/errors/invariant';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { AuditCheckpoint } from '@parley/schemas/generated/events';
import { appendAll } from '../log/append-all.ts';
import type { Log, LogRecord } from '../log/log.ts';
import { partitionOf } from '../log/partitioner.ts';
import { topics } from '../log/topics.ts';
import { type AuditHead, CheckpointChain, checkpointHash, emptyHead, headAfter } from './checkpoint-chain.ts';

/** So many checkpoints at the end tell which is the last that counts. */
const windowRecords = 64;

export interface AuditTailDependencies {
  /** Without `append` the tail can only be looked at. */
  readonly log: Pick<Log, 'read' | 'bounds' | 'partitionCount'> & Partial<Pick<Log, 'append'>>;
  readonly codec: EventCodec;
  readonly clock: Clock;
}

/** A key for the partitioner that leads to the partition: checkpoints lie beside what they seal. */
export function keyLeadingTo(partition: number, partitions: number): string {
  for (let attempt = 0; ; attempt++) {
    const key = `${partition}.${attempt}`;
    if (partitionOf(key, partitions) === partition) return key;
  }
}

/** Null for what is no checkpoint; nobody but Parley writes into the topic. */
export async function decodeCheckpoint(codec: EventCodec, { value }: LogRecord): Promise<AuditCheckpoint | null> {
  await codec.prepare(value);
  try {
    const decoded = codec.decode(value);
    return decoded.name === 'audit_checkpoint' ? decoded.event : null;
  } catch (error) {
    if (error instanceof ParleyError && error.code.startsWith('poison_')) return null;
    throw error;
  }
}

export class AuditTail {
  readonly #dependencies: AuditTailDependencies;
  readonly #topic: string;
  readonly #partition: number;
  readonly #partitionKey: string;
  /** Null until a first checkpoint tells where the window begins. */
  #chain: CheckpointChain | null;
  #end: number;

  private constructor(
    dependencies: AuditTailDependencies,
    place: { readonly topic: string; readonly partition: number; readonly partitions: number; readonly from: number },
  ) {
    this.#dependencies = dependencies;
    this.#topic = place.topic;
    this.#partition = place.partition;
    this.#partitionKey = keyLeadingTo(place.partition, place.partitions);
    this.#chain = place.from === 0 ? new CheckpointChain(emptyHead(place.topic, place.partition)) : null;
    this.#end = place.from;
  }

  /** @throws ParleyError `topic_mismatch` if the audit topic has another number of partitions */
  static async open(dependencies: AuditTailDependencies, topic: string, partition: number): Promise<AuditTail> {
    const { log } = dependencies;
    const partitions = await log.partitionCount(topics.audit);
    const sealed = await log.partitionCount(topic);
    if (partitions !== sealed) {
      const detail = `${topics.audit} has ${partitions} partitions, ${topic} has ${sealed}`;
      throw new ParleyError('topic_mismatch', { detail });
    }
    const { end } = await log.bounds(topics.audit, partition);
    const tail = new AuditTail(dependencies, { topic, partition, partitions, from: Math.max(0, end - windowRecords) });
    await tail.#readTo(end);
    return tail;
  }

  get head(): AuditHead {
    return this.#chain?.head ?? emptyHead(this.#topic, this.#partition);
  }

  /** Resolves when what counts is known: `head` is then this checkpoint, or that of a sealer that was faster. */
  async append(checkpoint: AuditCheckpoint): Promise<void> {
    const { log, codec, clock } = this.#dependencies;
    const value = codec.encode('audit_checkpoint', checkpoint);
    const key = `${this.#topic}/${this.#partition}`;
    const request = { topic: topics.audit, key, partitionKey: this.#partitionKey, value, timestampMs: clock.nowMs() };
    const [written] = await appendAll({ append: (record) => log.append!(record) }, [request]);
    invariant(written?.partition === this.#partition, 'a checkpoint lies in the partition of the same number');
    if (written.offset === this.#end && this.#chain?.offer(checkpoint, checkpointHash(value)) === 'next') {
      this.#end += 1;
      return;
    }
    await this.#readTo(Math.max(written.offset + 1, this.#end));
  }

  async #readTo(end: number): Promise<void> {
    const { log, codec } = this.#dependencies;
    const range = { topic: topics.audit, partition: this.#partition, from: { offset: this.#end }, toOffset: end };
    for await (const records of log.read(range)) {
      for (const record of records) {
        const checkpoint = await decodeCheckpoint(codec, record);
        if (checkpoint !== null) this.#follow(checkpoint, checkpointHash(record.value!));
      }
    }
    this.#end = end;
  }

  /** Judges nothing: a checkpoint whose predecessor lies before the window is taken for what it says. */
  #follow(checkpoint: AuditCheckpoint, hash: Buffer): void {
    if (checkpoint.topic !== this.#topic || checkpoint.partition !== this.#partition) return;
    const head = headAfter(checkpoint, hash);
    if (this.#chain === null) {
      this.#chain = new CheckpointChain(head);
      return;
    }
    if (this.#chain.offer(checkpoint, hash) === 'broken' && head.number > this.#chain.head.number) {
      this.#chain.goOnFrom(head);
    }
  }
}
