/**
 * The relay: tells the log what the directory has committed, in the order of each conversation's versions, at least once.
 *
 * A conversation's rows go out one at a time: a version is appended after the log has acknowledged the one below it, and marked after
 * its own acknowledgement. So whatever fails or dies in between, and however many relays run, the log holds every version after all
 * below it; what is sent again the fold ignores as applied (design rule 20). Conversations go side by side, a bounded number.
 *
 * Whoever has committed a change asks for its conversation at once (`settle`). A sweep finds what was left behind: by a process that
 * died, by a log that was away. A lease keeps relays from doing the same work; after a failure it is the pause before the next try.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { type Clock, pause, type TimerHandle, type Timers } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { invariant } from '@parley/schemas/errors/invariant';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { appendAll } from '@parley/streams/log/append-all';
import type { Log } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { v4 as uuid } from 'uuid';
import type { OutboxRow, RelayedOutbox } from './outbox.ts';
import { RelayMetrics } from './relay-metrics.ts';

export interface RelaySettings {
  /** A relay that died keeps its conversations so long. */
  readonly leaseMs: number;
  /** From a failure to the next try. */
  readonly retryMs: number;
  readonly sweepMs: number;
  /** How long an append is waited for; it may be in the log all the same, and is sent again. */
  readonly appendTimeoutMs: number;
  /** How long whoever has committed a change waits for the log. */
  readonly settleMs: number;
  readonly settlePauseMs: number;
  /** Rows of a conversation that are read at once. */
  readonly maxRows: number;
  /** Conversations that are sent at the same time. */
  readonly maxConcurrent: number;
  /** Conversations that wait for their turn in memory; others are found by a sweep. */
  readonly maxWaiting: number;
  /** Unsent rows at which no further change is taken. */
  readonly maxUnsent: number;
  /** Sent rows and remembered requests are kept so long. */
  readonly keepMs: number;
  /** How often what is too old is looked for. */
  readonly forgetEveryMs: number;
  readonly maxForgotten: number;
}

export const defaultRelaySettings: RelaySettings = {
  leaseMs: 10_000,
  retryMs: 500,
  sweepMs: 1_000,
  appendTimeoutMs: 5_000,
  settleMs: 2_000,
  settlePauseMs: 50,
  maxRows: 100,
  maxConcurrent: 16,
  maxWaiting: 1_000,
  maxUnsent: 100_000,
  keepMs: 86_400_000,
  forgetEveryMs: 60_000,
  maxForgotten: 10_000,
};

export interface RelayDependencies {
  readonly outbox: RelayedOutbox;
  /** Of the relay's own principal: nobody else appends directory events. */
  readonly log: Pick<Log, 'append'>;
  readonly codec: EventCodec;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly metrics: Registry;
  readonly logger: Logger;
}

/** `emptied`: nothing was left; `held`: another relay has it; `failed`: the log or the directory said no. */
type Outcome = 'emptied' | 'held' | 'failed';

interface Task {
  readonly done: Promise<Outcome>;
  /** Asked for again: there may be rows that its last look did not see. */
  again: boolean;
}

const uuidBytes = 16;
/** How many conversations a sweep reads, for each that may be sent at the same time. */
const pagesOfTurns = 4;

export class OutboxRelay {
  readonly #dependencies: RelayDependencies;
  readonly #settings: RelaySettings;
  readonly #metrics: RelayMetrics;
  readonly #holder: string;
  readonly #tasks = new Map<string, Task>();
  readonly #turns: (() => void)[] = [];
  #atWork = 0;
  #timer: TimerHandle | null = null;
  #sweeping: Promise<void> | null = null;
  #sweptTo: string | null = null;
  #unsent = 0;
  #forgotAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(dependencies: RelayDependencies, settings: Partial<RelaySettings> = {}) {
    this.#dependencies = dependencies;
    this.#settings = { ...defaultRelaySettings, ...settings };
    this.#metrics = new RelayMetrics(dependencies.metrics);
    this.#holder = uuid({ random: dependencies.random.bytes(uuidBytes) });
  }

  start(): void {
    this.#timer = this.#dependencies.timers.every(this.#settings.sweepMs, () => void this.sweep());
  }

  /** Ends after the appends under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#sweeping;
    await Promise.all([...this.#tasks.values()].map(({ done }) => done));
  }

  /**
   * Asked before a change is made.
   * @throws ParleyError `overloaded` while far too much waits for the log
   */
  admit(): void {
    if (this.#unsent < this.#settings.maxUnsent) return;
    throw new ParleyError('overloaded', { detail: 'outbox', retryAfterMs: this.#settings.sweepMs });
  }

  /** Resolves to true once the log has everything of the conversation up to the version, to false if that takes too long. */
  async settle(conversationId: string, version: number): Promise<boolean> {
    const { clock, timers } = this.#dependencies;
    const { settleMs, settlePauseMs } = this.#settings;
    const untilMs = clock.nowMs() + settleMs;
    const tooLong = pause(timers, settleMs).then(() => false);
    const settled = async (): Promise<boolean> => {
      while (clock.nowMs() < untilMs && !this.#isClosed) {
        const outcome = await this.relay(conversationId);
        if (outcome === 'emptied' || (await this.#isSent(conversationId, version))) return true;
        await pause(timers, settlePauseMs);
      }
      return false;
    };
    return Promise.race([settled(), tooLong]);
  }

  /** Sends what a conversation has. Never rejects. */
  relay(conversationId: string): Promise<Outcome> {
    const running = this.#tasks.get(conversationId);
    if (running !== undefined) {
      running.again = true;
      return running.done;
    }
    if (this.#isClosed || this.#turns.length >= this.#settings.maxWaiting) return Promise.resolve('failed');
    const task: Task = { done: this.#inTurn(conversationId), again: false };
    this.#tasks.set(conversationId, task);
    return task.done;
  }

  /** Looks for rows that were left behind, goes on where the last one ended, and tidies up. Never rejects. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep()
      .catch((error: unknown) => this.#dependencies.logger.warn({ err: error }, 'the outbox could not be read'))
      .finally(() => {
        this.#sweeping = null;
      });
    return this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { outbox, clock } = this.#dependencies;
    const { maxConcurrent, maxUnsent } = this.#settings;
    const { unsent, oldestMs } = await outbox.backlog(maxUnsent);
    this.#unsent = unsent;
    this.#metrics.unsent.set(unsent);
    this.#metrics.oldestSeconds.set(oldestMs === null ? 0 : Math.max(0, clock.nowMs() - oldestMs) / 1_000);
    if (unsent > 0) await this.#relayWaiting(maxConcurrent * pagesOfTurns);
    await this.#forget();
  }

  /** At most so many rows at a time; as many again a while later. */
  async #forget(): Promise<void> {
    const { outbox, clock } = this.#dependencies;
    const { keepMs, forgetEveryMs, maxForgotten } = this.#settings;
    const nowMs = clock.nowMs();
    if (Math.abs(nowMs - this.#forgotAtMs) < forgetEveryMs) return;
    this.#forgotAtMs = nowMs;
    await outbox.forget(nowMs - keepMs, maxForgotten);
  }

  /** Page after page, until there are no more or one of which nothing went out: the next sweep goes on behind it. */
  async #relayWaiting(limit: number): Promise<void> {
    while (!this.#isClosed) {
      const waiting = await this.#dependencies.outbox.waiting(this.#sweptTo, limit);
      this.#sweptTo = waiting.length < limit ? null : waiting.at(-1)!;
      const outcomes = await Promise.all(waiting.map((conversationId) => this.relay(conversationId)));
      if (this.#sweptTo === null || !outcomes.includes('emptied')) return;
    }
  }

  async #inTurn(conversationId: string): Promise<Outcome> {
    if (this.#atWork < this.#settings.maxConcurrent) this.#atWork++;
    else await new Promise<void>((resolve) => this.#turns.push(resolve));
    try {
      for (;;) {
        const task = this.#tasks.get(conversationId);
        if (task !== undefined) task.again = false;
        const outcome = await this.#empty(conversationId);
        if (outcome !== 'emptied' || this.#tasks.get(conversationId)?.again !== true) return outcome;
      }
    } catch (error) {
      this.#dependencies.logger.warn({ err: error, conversationId }, 'the outbox could not be emptied');
      return 'failed';
    } finally {
      this.#tasks.delete(conversationId);
      const next = this.#turns.shift();
      if (next === undefined) this.#atWork--;
      else next();
    }
  }

  async #empty(conversationId: string): Promise<Outcome> {
    const { outbox, clock } = this.#dependencies;
    const { leaseMs, retryMs, maxRows } = this.#settings;
    for (;;) {
      const nowMs = clock.nowMs();
      const lease = { conversationId, holder: this.#holder, nowMs, untilMs: nowMs + leaseMs };
      if (!(await outbox.claim(lease))) return 'held';
      const rows = await outbox.unsent(conversationId, maxRows);
      const sent = await this.#append(conversationId, rows);
      if (sent > 0) await outbox.markSent(conversationId, rows[sent - 1]!.version, clock.nowMs());
      if (sent < rows.length) {
        await outbox.release(conversationId, this.#holder, clock.nowMs() + retryMs);
        return 'failed';
      }
      if (rows.length < maxRows) break;
    }
    await outbox.release(conversationId, this.#holder, null);
    return 'emptied';
  }

  /** Appends the rows one after the other. Resolves to how many the log has acknowledged: those after the first failure were not sent. */
  async #append(conversationId: string, rows: readonly OutboxRow[]): Promise<number> {
    const { clock, logger } = this.#dependencies;
    for (const [index, row] of rows.entries()) {
      invariant(index === 0 || row.version === rows[index - 1]!.version + 1, 'the outbox has no gaps');
      try {
        await this.#appendOne(conversationId, row);
      } catch (error) {
        this.#metrics.refused.inc();
        logger.warn({ err: error, conversationId, version: row.version }, 'the log did not take a directory event');
        return index;
      }
      this.#metrics.sent.inc();
      this.#metrics.seconds.observe(Math.max(0, clock.nowMs() - row.createdAtMs) / 1_000);
    }
    return rows.length;
  }

  async #appendOne(conversationId: string, { version, eventName, event }: OutboxRow): Promise<void> {
    const { log, codec, clock, timers } = this.#dependencies;
    invariant(event['conversation_id'] === conversationId, 'an event belongs to the conversation of its row');
    invariant(event['directory_version'] === version, 'an event has the version of its row');
    // The codec writes the fields of the schema and no others, and refuses a value of another type.
    const value = codec.encode(eventName, event as never);
    const request = { topic: topics.messages, key: conversationId, value, timestampMs: clock.nowMs() };
    let late: TimerHandle | null = null;
    const expired = new Promise<never>((_, reject) => {
      const expire = (): void => reject(new ParleyError('log_unavailable', { detail: 'no acknowledgement in time' }));
      late = timers.after(this.#settings.appendTimeoutMs, expire);
    });
    try {
      await Promise.race([appendAll(log, [request]), expired]);
    } finally {
      (late as TimerHandle | null)?.cancel();
    }
  }

  async #isSent(conversationId: string, version: number): Promise<boolean> {
    try {
      return await this.#dependencies.outbox.isSent(conversationId, version);
    } catch (error) {
      this.#dependencies.logger.warn({ err: error, conversationId }, 'the outbox could not be read');
      return false;
    }
  }
}
