/**
 * Sends one group of records to Kafka and settles every one of them, through broker restarts and refused records.
 *
 * One group is on its way at a time, and it is sent again, whole and in order, until the brokers have it or the time is up: so no
 * record overtakes another of its partition. kafkajs repeats a send under the same sequence numbers, which the broker recognises.
 * When it gives up, the session is replaced and the rest of the group sent again; then a record may be in the log twice, which is
 * what "at least once" allows.
 *
 * A broker refuses a whole batch for one bad record (a timestamp too far ahead, a record too large), and kafkajs the whole group for
 * one refused batch. The group is then sent again partition by partition under the same session: what had been written is recognised
 * by its sequence numbers. A partition that is refused by itself is sent record by record, and only the bad ones fail.
 */
import { type Clock, pause, type Timers } from '@parley/schemas/environment/clock';
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import { hasCode, ParleyError } from '@parley/schemas/errors/parley-error';
import type { Logger } from 'pino';
import type { Append } from '../log.ts';
import { partitionOf } from '../partitioner.ts';
import { type KafkaConnection, protocolErrorOf } from './kafka-client.ts';
import { byPartition, messagesOf, PlacedRecord, settle } from './placed-record.ts';
import { ProducerSession } from './producer-session.ts';
import { within } from './within.ts';

const pauseBetweenAttemptsMs = 250;

const refusals: ReadonlyMap<string, ErrorCode> = new Map([
  ['INVALID_TIMESTAMP', 'timestamp_ahead'],
  ['MESSAGE_TOO_LARGE', 'record_too_large'],
  ['RECORD_LIST_TOO_LARGE', 'record_too_large'],
]);

export interface GroupSenderOptions {
  readonly connection: KafkaConnection;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Rejects with `not_found` where there is no such topic. */
  readonly partitionCount: (topic: string) => Promise<number>;
  /** How long a group is tried before its records fail. */
  readonly appendTimeoutMs: number;
}

export class GroupSender {
  private readonly options: GroupSenderOptions;
  private readonly logger: Logger;
  private session: ProducerSession | null = null;
  private healthy = true;
  private recovering: Promise<void> | null = null;
  private closed = false;

  constructor(options: GroupSenderOptions) {
    this.options = options;
    this.logger = options.connection.logger;
  }

  /** False after records failed, until something shows that the next will not. */
  isHealthy(): boolean {
    return this.healthy;
  }

  async connect(): Promise<void> {
    await this.current().connected;
  }

  async write(records: readonly Append[]): Promise<void> {
    const { clock, appendTimeoutMs } = this.options;
    const deadlineMs = clock.nowMs() + appendTimeoutMs;
    let unplaced = records;
    let rest: readonly PlacedRecord[] = [];
    let cause: unknown = null;
    while (unplaced.length > 0 || rest.length > 0) {
      const leftMs = deadlineMs - clock.nowMs();
      if (leftMs <= 0) {
        this.giveUp(unplaced, rest, cause);
        return;
      }
      try {
        if (unplaced.length > 0) rest = await within(this.options.timers, leftMs, this.place(unplaced));
        unplaced = [];
        await this.attempt(rest, leftMs);
      } catch (error) {
        cause = error;
        await this.startAnew(error);
      }
      rest = rest.filter(({ settled }) => !settled);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.session?.close();
  }

  private current(): ProducerSession {
    this.session ??= new ProducerSession(this.options.connection);
    return this.session;
  }

  private async attempt(records: readonly PlacedRecord[], leftMs: number): Promise<void> {
    if (records.length === 0) return;
    const session = this.current();
    const parts = byPartition(records);
    const { timers } = this.options;
    try {
      await within(timers, leftMs, session.connected);
      settle(parts, await within(timers, leftMs, session.send(messagesOf(parts))));
      this.healthy = true;
    } catch (error) {
      if (!refusals.has(protocolErrorOf(error) ?? '')) throw error;
      for (const part of parts.values()) await this.sendApart(session, part, leftMs);
    }
  }

  /** Sends a partition's records by themselves, and one by one if even that is refused. */
  private async sendApart(session: ProducerSession, part: readonly PlacedRecord[], leftMs: number): Promise<void> {
    const alone = byPartition(part);
    try {
      settle(alone, await within(this.options.timers, leftMs, session.send(messagesOf(alone))));
      this.healthy = true;
    } catch (error) {
      const code = refusals.get(protocolErrorOf(error) ?? '');
      if (code === undefined) throw error;
      const [first, ...more] = part;
      if (first !== undefined && more.length === 0) {
        this.healthy = false;
        first.failed(new ParleyError(code, { cause: error }));
        return;
      }
      for (const placed of part) await this.sendApart(session, [placed], leftMs);
    }
  }

  /** Records of a topic that does not exist fail; they must not hold up the others. */
  private async place(records: readonly Append[]): Promise<PlacedRecord[]> {
    const counts = new Map<string, number | null>();
    for (const { topic } of records) {
      if (!counts.has(topic)) counts.set(topic, await this.countOrNull(topic));
    }
    const placed: PlacedRecord[] = [];
    for (const record of records) {
      const count = counts.get(record.topic) ?? null;
      if (count === null) record.failed(new ParleyError('log_unavailable', { detail: `no topic ${record.topic}` }));
      else placed.push(new PlacedRecord(record, partitionOf(record.partitionKey ?? record.key, count)));
    }
    return placed;
  }

  private async countOrNull(topic: string): Promise<number | null> {
    try {
      return await this.options.partitionCount(topic);
    } catch (error) {
      if (hasCode(error, 'not_found')) return null;
      throw error;
    }
  }

  private async startAnew(error: unknown): Promise<void> {
    this.logger.warn({ err: error }, 'a group of appends failed and is sent again by a new producer');
    this.session?.giveUp();
    this.session = null;
    await pause(this.options.timers, pauseBetweenAttemptsMs);
  }

  private giveUp(unplaced: readonly Append[], rest: readonly PlacedRecord[], cause: unknown): void {
    const error = new ParleyError('log_unavailable', {
      detail: 'not acknowledged in time',
      retryAfterMs: 1_000,
      cause,
    });
    this.logger.error({ err: cause, records: unplaced.length + rest.length }, 'appends failed');
    for (const record of unplaced) record.failed(error);
    for (const placed of rest) placed.failed(error);
    this.healthy = false;
    this.recovering ??= this.recover();
  }

  /** Nobody appends to a log that is not ready, so it has to find out by itself that the brokers are back. */
  private async recover(): Promise<void> {
    while (!this.healthy && !this.closed) {
      const session = this.current();
      try {
        await session.connected;
        this.healthy = true;
      } catch {
        // Still not there; the failure itself was logged.
        if (this.session === session) this.session = null;
        session.giveUp();
        await pause(this.options.timers, pauseBetweenAttemptsMs);
      }
    }
    this.recovering = null;
  }
}
