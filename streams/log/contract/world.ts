/** What the contract suite needs of an adapter, and the small readers and writers that its tests are made of. */

import { pause } from '@parley/schemas/environment/clock';
import { systemTimers } from '@parley/schemas/environment/system';
import { type Logger, pino } from 'pino';
import { type Appended, type AppendRequest, appendAll } from '../append-all.ts';
import type { LogLimits } from '../limits.ts';
import type { BatchHandler, Log, LogRecord, RecordBatch, Subscription } from '../log.ts';

/** One log with its data, and the ways to look at it from elsewhere. */
export interface LogWorld {
  readonly log: Log;
  /** A log on the same data that is a reader of its own: another process in a cluster, the same object when embedded. */
  anotherReader(): Promise<Log>;
  /** Closes the log and opens the same data again. */
  reopen(): Promise<Log>;
  /** A log with narrow limits on data of its own. */
  withLimits(limits: Partial<LogLimits>): Promise<Log>;
  /** A log on data of its own whose timers never fire. */
  withoutTimers(): Promise<Log>;
  /** Command line of a process that writes to the topic until it is killed (`contract/burst-writer.ts`). */
  writerArguments(topic: string): readonly string[];
  destroy(): Promise<void>;
}

export type MakeWorld = () => Promise<LogWorld>;

/** Topic names are never used twice: services outlive a test. */
export function freshName(what: string): string {
  return `test.${what}.${process.pid}.${Math.random().toString(36).slice(2, 10)}`;
}

export async function makeTopic(log: Log, partitions: number): Promise<string> {
  const topic = freshName('log');
  await log.ensureTopics([{ topic, partitions, retentionMs: null, compacted: false }]);
  return topic;
}

export function request(topic: string, key: string, value: string, timestampMs = Date.now()): AppendRequest {
  return { topic, key, value: Buffer.from(value), timestampMs };
}

export function appendValues(log: Log, topic: string, key: string, values: readonly string[]): Promise<Appended[]> {
  return appendAll(
    log,
    values.map((value) => request(topic, key, value)),
  );
}

export function numbers(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, index) => String(first + index));
}

export function text(records: readonly LogRecord[]): string[] {
  return records.map((record) => record.value?.toString() ?? 'null');
}

export async function readAll(log: Log, topic: string, partition: number): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for await (const records of log.read({ topic, partition, from: { offset: 0 } })) all.push(...records);
  return all;
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await pause(systemTimers, 5);
  }
}

/** A logger that writes nothing but keeps the lines of this level and above. */
export function recordingLogger(level: 'warn' | 'error', lines: string[]): Logger {
  return pino({ level }, { write: (line: string) => void lines.push(line) });
}

/** A door that stays shut until somebody opens it. */
export class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

/** A handler that remembers what it saw and commits everything, unless a test says otherwise. */
export class Collector implements BatchHandler {
  readonly records: LogRecord[] = [];
  readonly assignments: Array<{ generation: number; partitions: string[] }> = [];
  readonly batches: RecordBatch[] = [];
  onBatch: (batch: RecordBatch) => Promise<number | null> = (batch) => Promise.resolve(nextOffset(batch));

  async assigned(generation: number, partitions: ReadonlyArray<{ topic: string; partition: number }>): Promise<void> {
    this.assignments.push({ generation, partitions: partitions.map((one) => `${one.topic}/${one.partition}`) });
  }

  async handle(batch: RecordBatch): Promise<number | null> {
    this.batches.push(batch);
    const commit = await this.onBatch(batch);
    this.records.push(...batch.records);
    return commit;
  }

  get values(): string[] {
    return text(this.records);
  }
}

export function nextOffset(batch: RecordBatch): number {
  return batch.records[batch.records.length - 1]!.offset + 1;
}

export async function subscribe(
  log: Log,
  topic: string,
  group: string,
  handler: BatchHandler,
  more: { maxBatchRecords?: number; from?: 'earliest' | 'latest' } = {},
): Promise<Subscription> {
  const subscription = await log.subscribe({
    topics: [topic],
    group,
    handler,
    maxBatchRecords: more.maxBatchRecords ?? 100,
    from: more.from ?? 'earliest',
  });
  await subscription.ready();
  return subscription;
}
