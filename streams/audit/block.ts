/** A block in the making: records of one partition that follow the last checkpoint, until they become the next one. */
import { invariant } from '@parley/schemas/errors/invariant';
import type { AuditCheckpoint, SealedRecord } from '@parley/schemas/generated/events';
import type { LogRecord } from '../log/log.ts';
import type { AuditHead } from './checkpoint-chain.ts';
import { extendChain } from './hash-chain.ts';
import { recordDigest, shortDigest } from './record-digest.ts';

/** Bounds what a checkpoint weighs (about 18 bytes a record) and how far a search for the one wrong record goes. */
export const maxBlockRecords = 1_000;

export class Block {
  readonly #head: AuditHead;
  readonly #records: SealedRecord[] = [];
  #chain: Buffer;
  #toOffset: number;

  constructor(head: AuditHead) {
    this.#head = head;
    this.#chain = head.chain;
    this.#toOffset = head.toOffset;
  }

  get size(): number {
    return this.#records.length;
  }

  get toOffset(): number {
    return this.#toOffset;
  }

  isFull(): boolean {
    return this.size >= maxBlockRecords;
  }

  /** Records come in order; what was sealed before is passed over. */
  add(record: LogRecord): void {
    if (record.offset < this.#toOffset) return;
    invariant(!this.isFull(), 'a block is sealed before it takes more');
    const digest = recordDigest(record);
    this.#chain = extendChain(this.#chain, record.offset, digest);
    this.#records.push({ offset_delta: record.offset - this.#head.toOffset, digest: shortDigest(digest) });
    this.#toOffset = record.offset + 1;
  }

  checkpoint(sealedAtMs: number): AuditCheckpoint {
    const { topic, partition, number, hash, toOffset } = this.#head;
    return {
      topic,
      partition,
      number: number + 1,
      previous: hash,
      from_offset: toOffset,
      to_offset: this.#toOffset,
      records: this.#records,
      chain: this.#chain,
      sealed_at_ms: sealedAtMs,
    };
  }
}
