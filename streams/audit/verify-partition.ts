/**
 * Holds one partition against its checkpoints, and the checkpoints against each other.
 *
 * Checkpoints are followed in the order of their topic. Each that counts names the records of its block: those are looked for in the log,
 * and what differs is named. Where nothing differs the chain is computed again from the whole records, and must be the one that was
 * sealed. After a difference the chain goes on from what was sealed, so that one changed record is one finding, not all that follow.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { AuditCheckpoint } from '@parley/schemas/generated/events';
import type { LogReader, LogRecord } from '../log/log.ts';
import { topics } from '../log/topics.ts';
import type { Difference, Place } from './alignment.ts';
import { decodeCheckpoint } from './audit-tail.ts';
import { CheckpointChain, checkpointHash, emptyHead, headAfter } from './checkpoint-chain.ts';
import { Comparison, type SealedBlock } from './comparison.ts';
import type { Findings } from './findings.ts';

/** A block and the checkpoint that sealed it. */
interface CheckedBlock extends SealedBlock {
  readonly number: number;
  readonly checkpointOffset: number;
}

export interface PartitionAudit {
  readonly topic: string;
  readonly partition: number;
  /** Blocks that begin below this offset are not looked at; their checkpoints are. */
  readonly fromOffset: number;
  /** Told how far it is. */
  readonly progress?: (records: number) => void;
}

export interface PartitionVerdict {
  readonly records: number;
  readonly checkpoints: number;
  readonly sealedTo: number;
  /** Records that no checkpoint seals yet. */
  readonly unsealed: number;
  /** Hashes of the checkpoints that count, as hexadecimal. */
  readonly head: { readonly number: number; readonly hash: string; readonly chain: string };
  /** Anchors that were met. */
  readonly anchored: ReadonlySet<string>;
}

export class PartitionVerifier {
  readonly #log: Pick<LogReader, 'read' | 'bounds'>;
  readonly #codec: EventCodec;
  readonly #audit: PartitionAudit;
  readonly #findings: Findings;
  readonly #chain: CheckpointChain;
  readonly #comparison: Comparison<CheckedBlock>;
  /** Numbers of checkpoints that were not met yet, though later ones were. */
  readonly #missing = new Map<number, number>();
  /** What the last checkpoint sealed, to be held against its twins. */
  #last: { readonly toOffset: number; readonly places: ReadonlyMap<number, Buffer> } | null = null;
  #records = 0;
  #checkpoints = 0;

  constructor(
    dependencies: { readonly log: Pick<LogReader, 'read' | 'bounds'>; readonly codec: EventCodec },
    audit: PartitionAudit,
    findings: Findings,
  ) {
    const { topic, partition } = audit;
    this.#log = dependencies.log;
    this.#codec = dependencies.codec;
    this.#audit = audit;
    this.#findings = findings;
    this.#chain = new CheckpointChain(emptyHead(topic, partition));
    this.#comparison = new Comparison(
      dependencies.log,
      { topic, partition },
      {
        different: (difference) => this.#differs(difference),
        renumbered: (offset, by) => this.#renumbered(offset, by),
        chainDiffers: ({ number, checkpointOffset }) =>
          this.#about(checkpointOffset, 'changed', `the chain of checkpoint ${number} is not that of its records`),
      },
    );
  }

  /** @param anchors checkpoint hashes that were kept elsewhere; those that are met are told */
  async verify(anchors: ReadonlySet<string> = new Set()): Promise<PartitionVerdict> {
    const { topic, partition } = this.#audit;
    const anchored = new Set<string>();
    try {
      const from = { offset: 0 };
      for await (const batch of this.#log.read({ topic: topics.audit, partition, from, maxBatchRecords: 16 })) {
        for (const record of batch) {
          await this.#checkpoint(record);
          const hash = record.value === null ? '' : checkpointHash(record.value).toString('hex');
          if (anchors.has(hash)) anchored.add(hash);
        }
      }
      await this.#comparison.end();
    } finally {
      await this.#comparison.close();
    }
    this.#reportMissing();
    const { head } = this.#chain;
    const { end } = await this.#log.bounds(topic, partition);
    return {
      records: this.#records,
      checkpoints: this.#checkpoints,
      sealedTo: head.toOffset,
      unsealed: Math.max(0, end - head.toOffset - this.#comparison.shift),
      head: { number: head.number, hash: head.hash.toString('hex'), chain: head.chain.toString('hex') },
      anchored,
    };
  }

  async #checkpoint(record: LogRecord): Promise<void> {
    const checkpoint = await decodeCheckpoint(this.#codec, record);
    if (checkpoint === null) {
      this.#about(record.offset, 'changed', 'no checkpoint can be read here');
      return;
    }
    const { topic, partition } = this.#audit;
    if (checkpoint.topic !== topic || checkpoint.partition !== partition) {
      this.#about(
        record.offset,
        'added',
        `a checkpoint of ${checkpoint.topic}/${checkpoint.partition} does not belong here`,
      );
      return;
    }
    const before = this.#chain.head;
    const hash = checkpointHash(record.value!);
    const link = this.#chain.offer(checkpoint, hash);
    if (link === 'twin') this.#twin(record, checkpoint);
    else if (link === 'next' || this.#rejoin(record, checkpoint, hash, before.number)) {
      this.#checkpoints += 1;
      await this.#block(record, checkpoint, before.chain, link === 'next');
    }
  }

  /** A checkpoint that follows nothing: what it should follow is changed or gone. True if the chain goes on with it. */
  #rejoin(record: LogRecord, checkpoint: AuditCheckpoint, hash: Buffer, last: number): boolean {
    const { number } = checkpoint;
    if (number <= last) {
      const late = this.#missing.delete(number);
      this.#about(record.offset, late ? 'reordered' : 'added', `checkpoint ${number} stands behind checkpoint ${last}`);
      return false;
    }
    if (number === last + 1)
      this.#about(record.offset, 'changed', `checkpoint ${last} or ${number} is not what was written`);
    for (let missing = last + 1; missing < number && this.#missing.size < 1_000; missing++) {
      this.#missing.set(missing, record.offset);
    }
    this.#chain.goOnFrom(headAfter(checkpoint, hash));
    return true;
  }

  /** Written at the same time by another sealer; what both seal must be the same. */
  #twin(record: LogRecord, checkpoint: AuditCheckpoint): void {
    if (this.#missing.delete(checkpoint.number)) {
      this.#about(record.offset, 'reordered', `checkpoint ${checkpoint.number} stands behind a later one`);
      return;
    }
    for (const { offset, digest } of placesOf(checkpoint)) {
      const sealed = this.#last?.places.get(offset);
      if (sealed === undefined || sealed.equals(digest)) continue;
      this.#about(
        record.offset,
        'changed',
        `checkpoint ${checkpoint.number} contradicts another of this number at ${offset}`,
      );
      return;
    }
  }

  async #block(record: LogRecord, checkpoint: AuditCheckpoint, chainBefore: Buffer, linked: boolean): Promise<void> {
    const { number, from_offset: fromOffset, to_offset: toOffset, chain } = checkpoint;
    const places = placesOf(checkpoint);
    this.#last = { toOffset, places: new Map(places.map(({ offset, digest }) => [offset, digest])) };
    if (fromOffset < this.#audit.fromOffset) return;
    const block = { fromOffset, toOffset, places, chain, number, checkpointOffset: record.offset };
    await this.#comparison.add({ ...block, chainBefore: linked ? chainBefore : null });
    this.#records += places.length;
    this.#audit.progress?.(this.#records);
  }

  #differs({ what, offset, nowAt }: Difference): void {
    const { topic, partition } = this.#audit;
    const details = {
      changed: 'the record is not the one that was sealed',
      removed: 'the record that was sealed is gone',
      added: 'the record was not there when its block was sealed',
      reordered: `the record stands at ${nowAt} now`,
    };
    const place = { topic, partition, offset, what, detail: details[what] };
    this.#findings.add(nowAt === undefined ? place : { ...place, now_at: nowAt });
  }

  #renumbered(offset: number, by: number): void {
    const { topic, partition } = this.#audit;
    const detail = `records from about here on stand ${Math.abs(by)} ${by > 0 ? 'higher' : 'lower'} than they were sealed`;
    this.#findings.add({ topic, partition, offset, what: 'renumbered', detail });
  }

  #reportMissing(): void {
    const { partition } = this.#audit;
    for (const [number, offset] of this.#missing) {
      const detail = `checkpoint ${number} is gone; it stood before this offset`;
      this.#findings.add({ topic: topics.audit, partition, offset, what: 'removed', detail });
    }
  }

  #about(offset: number, what: 'changed' | 'added' | 'reordered', detail: string): void {
    this.#findings.add({ topic: topics.audit, partition: this.#audit.partition, offset, what, detail });
  }
}

function placesOf({ from_offset, records }: AuditCheckpoint): Place[] {
  return records.map(({ offset_delta, digest }) => ({ offset: from_offset + offset_delta, digest }));
}
