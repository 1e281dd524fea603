/**
 * Seals one partition: collects its records into blocks, and turns a block into a checkpoint when it is full or when it is time.
 *
 * Records may come again, or leave out what came before (a consumer that starts elsewhere): what is sealed is passed over, what is
 * missing is read from the log. When another sealer's checkpoint counts instead of ours, the block is begun again behind it.
 */
import type { Log, LogRecord } from '../log/log.ts';
import { AuditTail, type AuditTailDependencies } from './audit-tail.ts';
import { Block } from './block.ts';
import type { AuditHead } from './checkpoint-chain.ts';

export interface PartitionSealerDependencies extends AuditTailDependencies {
  readonly log: Pick<Log, 'append' | 'read' | 'bounds' | 'partitionCount'>;
  /** Told of every checkpoint that was written, with the records that it seals. */
  readonly sealed?: (records: number) => void;
}

export class PartitionSealer {
  readonly #dependencies: PartitionSealerDependencies;
  readonly #topic: string;
  readonly #partition: number;
  readonly #tail: AuditTail;
  #block: Block;
  /** One after another: a timer and a batch must not both write. */
  #turn: Promise<void> = Promise.resolve();

  private constructor(dependencies: PartitionSealerDependencies, tail: AuditTail) {
    this.#dependencies = dependencies;
    this.#topic = tail.head.topic;
    this.#partition = tail.head.partition;
    this.#tail = tail;
    this.#block = new Block(tail.head);
  }

  static async open(
    dependencies: PartitionSealerDependencies,
    topic: string,
    partition: number,
  ): Promise<PartitionSealer> {
    return new PartitionSealer(dependencies, await AuditTail.open(dependencies, topic, partition));
  }

  get head(): AuditHead {
    return this.#tail.head;
  }

  /** Takes records in order; a full block is sealed on the way. */
  add(records: readonly LogRecord[]): Promise<void> {
    return this.#inTurn(async () => {
      const first = records[0];
      if (first !== undefined && first.offset > this.#block.toOffset) await this.#fill(first.offset);
      await this.#take(records);
    });
  }

  /** Takes what the log holds up to an offset. */
  readTo(offset: number): Promise<void> {
    return this.#inTurn(() => this.#fill(offset));
  }

  /** Seals what was taken so far. */
  seal(): Promise<void> {
    return this.#inTurn(() => this.#seal());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined); // Whoever asked is told; the next one starts anew.
    return done;
  }

  async #fill(toOffset: number): Promise<void> {
    const from = { offset: this.#block.toOffset };
    const range = { topic: this.#topic, partition: this.#partition, from, toOffset, maxBatchRecords: 1_000 };
    for await (const records of this.#dependencies.log.read(range)) await this.#take(records);
  }

  async #take(records: readonly LogRecord[]): Promise<void> {
    for (const record of records) {
      this.#block.add(record);
      if (this.#block.isFull()) await this.#seal();
    }
  }

  /** Ends with everything sealed that was taken, by whomever. */
  async #seal(): Promise<void> {
    const { toOffset, size } = this.#block;
    if (size === 0) return;
    const checkpoint = this.#block.checkpoint(this.#dependencies.clock.nowMs());
    await this.#tail.append(checkpoint);
    this.#dependencies.sealed?.(size);
    this.#block = new Block(this.#tail.head);
    if (this.#tail.head.toOffset >= toOffset) return;
    await this.#fill(toOffset);
    await this.#seal();
  }
}
