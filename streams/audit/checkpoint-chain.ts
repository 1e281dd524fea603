/**
 * The chain of checkpoints of one partition, followed in the order of the audit topic.
 *
 * Two sealers may write at the same time: then two checkpoints follow the same one. The first in the topic counts, the other is a
 * twin that nobody follows, because a sealer goes on only after it has read what counts. So a twin does no harm, and two sealers
 * need to know nothing of each other.
 */
import type { AuditCheckpoint } from '@parley/schemas/generated/events';
import { chainStart } from './hash-chain.ts';
import { sha256 } from './sha256.ts';

const codecHeaderBytes = 5;
const none = Buffer.alloc(0);
/** How many checkpoints back a twin may come: a sealer is late by the time of one append. */
const maxEarlierHeads = 64;

/** Where the next checkpoint goes on. */
export interface AuditHead {
  readonly topic: string;
  readonly partition: number;
  /** 0 before the first checkpoint. */
  readonly number: number;
  /** Of the last checkpoint; empty before the first. */
  readonly hash: Buffer;
  readonly toOffset: number;
  readonly chain: Buffer;
}

export function emptyHead(topic: string, partition: number): AuditHead {
  return { topic, partition, number: 0, hash: none, toOffset: 0, chain: chainStart(topic, partition) };
}

/** Of the Avro body alone: the schema's id before it is a registry's, not ours. */
export function checkpointHash(value: Buffer): Buffer {
  return sha256(value.subarray(codecHeaderBytes));
}

export function headAfter(checkpoint: AuditCheckpoint, hash: Buffer): AuditHead {
  const { topic, partition, number, to_offset, chain } = checkpoint;
  return { topic, partition, number, hash, toOffset: to_offset, chain };
}

/** `next` follows the head; `twin` follows what an earlier one follows; `broken` follows nothing that is known here. */
export type Link = 'next' | 'twin' | 'broken';

export class CheckpointChain {
  #head: AuditHead;
  readonly #earlier: AuditHead[] = [];

  constructor(head: AuditHead) {
    this.#head = head;
  }

  get head(): AuditHead {
    return this.#head;
  }

  /** Takes the checkpoint if it is the next. */
  offer(checkpoint: AuditCheckpoint, hash: Buffer): Link {
    if (follows(this.#head, checkpoint)) {
      this.goOnFrom(headAfter(checkpoint, hash));
      return 'next';
    }
    return this.#earlier.some((head) => follows(head, checkpoint)) ? 'twin' : 'broken';
  }

  /** Goes on from a checkpoint that follows nothing known: what lies before it is missing here. */
  goOnFrom(head: AuditHead): void {
    this.#earlier.push(this.#head);
    if (this.#earlier.length > maxEarlierHeads) this.#earlier.shift();
    this.#head = head;
  }
}

function follows(head: AuditHead, { topic, partition, number, previous, from_offset }: AuditCheckpoint): boolean {
  return (
    topic === head.topic &&
    partition === head.partition &&
    number === head.number + 1 &&
    from_offset === head.toOffset &&
    head.hash.equals(previous)
  );
}
