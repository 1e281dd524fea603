/**
 * Messages on their way: each is kept until it has a verdict, and sent again under the same id (design rules 1 and 3).
 *
 * After a reconnect everything without a verdict is sent again, in the order in which it was handed over; so is what got neither
 * `appended` nor a verdict within 10 s. An id that never was on a wire may be replaced when its time has run out. After
 * `out_of_window` the client must first see, by a sync, that the old id was not accepted; `rename` then goes on under a new id.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { makeMessageId, messageIdTimeMs } from '@parley/schemas/identity/message-id';
import type { Verdict } from './events.ts';
import type { OutboxStore, OutgoingMessage } from './stores.ts';

export interface OutboxSettings {
  readonly maxEntries: number;
  /** Neither `appended` nor a verdict for this long: send again. */
  readonly resendAfterMs: number;
  /** `appended`, but no verdict for this long: send again. */
  readonly resendAppendedAfterMs: number;
  /** An id older than this that was never transmitted is replaced. */
  readonly staleIdMs: number;
  /** Sends under way that the server has not said `appended` to; below what a gateway takes of one connection. */
  readonly maxUnderWay: number;
}

export const defaultOutboxSettings: OutboxSettings = {
  maxEntries: 10_000,
  resendAfterMs: 10_000,
  resendAppendedAfterMs: 30_000,
  staleIdMs: 5_000,
  maxUnderWay: 64,
};

export interface Pending {
  messageId: string;
  readonly message: OutgoingMessage;
  transmitted: boolean;
  appended: boolean;
  /** On the wire, and nothing was heard of it yet. */
  underWay: boolean;
  /** Server time after which it is sent again. */
  dueAtMs: number;
  /** After `out_of_window`: waits for a sync of the conversation. */
  verifying: boolean;
  readonly settle: (verdict: Verdict) => void;
}

export class Outbox {
  readonly #entries = new Map<string, Pending>();
  /** In the order in which they were handed over; a new id changes nothing in it. */
  readonly #order = new Set<Pending>();
  readonly #store: OutboxStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #settings: OutboxSettings;
  readonly #failed: (error: unknown) => void;

  /** @param failed is told that the store could not forget a message: it will be sent again after a restart, under the same id */
  constructor(
    store: OutboxStore,
    clock: Clock,
    random: Random,
    settings: OutboxSettings,
    failed: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
    this.#settings = settings;
    this.#failed = failed;
  }

  get size(): number {
    return this.#entries.size;
  }

  async restore(): Promise<void> {
    for (const { messageId, message, transmitted } of await this.#store.load()) {
      this.#add(messageId, message, transmitted, () => undefined);
    }
  }

  /** @throws ParleyError `queue_full`, or what the store said: then nothing is sent */
  async add(message: OutgoingMessage, settle: (verdict: Verdict) => void): Promise<Pending> {
    if (this.#entries.size >= this.#settings.maxEntries) throw new ParleyError('queue_full', { detail: 'outbox' });
    const pending = this.#add(makeMessageId(this.#clock.nowMs(), this.#random), message, false, settle);
    try {
      await this.#store.put(pending);
    } catch (error) {
      this.#forget(pending);
      throw error;
    }
    return pending;
  }

  #add(messageId: string, message: OutgoingMessage, transmitted: boolean, settle: (verdict: Verdict) => void): Pending {
    const pending: Pending = {
      messageId,
      message,
      transmitted,
      appended: false,
      underWay: false,
      dueAtMs: 0,
      verifying: false,
      settle,
    };
    this.#entries.set(messageId, pending);
    this.#order.add(pending);
    return pending;
  }

  get(messageId: string): Pending | undefined {
    return this.#entries.get(messageId);
  }

  /** In the order in which they were handed over. */
  *waiting(): IterableIterator<Pending> {
    yield* this.#order;
  }

  /** After a reconnect: nothing that was under way on the old connection counts. */
  reconnected(): void {
    for (const pending of this.#order) {
      pending.appended = false;
      pending.underWay = false;
      pending.dueAtMs = 0;
    }
  }

  /**
   * What is to be (re)sent now, in order. Each is taken to be under way from here on. A message that was put off (the server is busy,
   * or the user too fast) holds back all that come after it, so that messages are appended in the order in which they were sent.
   */
  due(): Pending[] {
    const nowMs = this.#clock.nowMs();
    const due: Pending[] = [];
    let underWay = 0;
    for (const pending of this.#order) {
      if (pending.verifying || pending.appended) {
        if (pending.verifying || pending.dueAtMs > nowMs) continue;
      } else if (pending.dueAtMs > nowMs) {
        if (!pending.underWay) break;
        underWay++;
        continue;
      }
      if (++underWay > this.#settings.maxUnderWay) break;
      pending.underWay = true;
      pending.dueAtMs = nowMs + this.#settings.resendAfterMs;
      due.push(pending);
    }
    return due;
  }

  /** True if the id's time ran out before it was ever on a wire: it must be renamed before it is sent. */
  isStale(pending: Pending): boolean {
    if (pending.transmitted) return false;
    return Math.abs(this.#clock.nowMs() - messageIdTimeMs(pending.messageId)) > this.#settings.staleIdMs;
  }

  async markTransmitted(pending: Pending): Promise<void> {
    if (pending.transmitted) return;
    await this.#store.put({ ...pending, transmitted: true });
    pending.transmitted = true;
  }

  markAppended(messageId: string): boolean {
    const pending = this.#entries.get(messageId);
    if (pending === undefined) return false;
    pending.appended = true;
    pending.underWay = false;
    pending.dueAtMs = this.#clock.nowMs() + this.#settings.resendAppendedAfterMs;
    return true;
  }

  /** A retryable error: send the same id again after the delay. */
  postpone(messageId: string, delayMs: number): void {
    const pending = this.#entries.get(messageId);
    if (pending === undefined) return;
    pending.underWay = false;
    pending.dueAtMs = this.#clock.nowMs() + delayMs;
  }

  /**
   * Gives the message a new id; it keeps its place in the order.
   * @throws what the store said: then it has its old id, for an entry of that id that stayed in the store would be sent once more
   */
  async rename(pending: Pending): Promise<string> {
    const { messageId: old, transmitted, appended, verifying } = pending;
    this.#change(pending, {
      ...{ messageId: makeMessageId(this.#clock.nowMs(), this.#random), transmitted: false },
      ...{ appended: false, verifying: false },
    });
    try {
      await this.#store.replace(old, pending);
    } catch (error) {
      this.#change(pending, { messageId: old, transmitted, appended, verifying });
      throw error;
    }
    return old;
  }

  #change(pending: Pending, to: Pick<Pending, 'messageId' | 'transmitted' | 'appended' | 'verifying'>): void {
    this.#entries.delete(pending.messageId);
    Object.assign(pending, to);
    this.#entries.set(pending.messageId, pending);
  }

  /** The verdict: the message leaves the outbox. */
  settle(verdict: Verdict): Pending | undefined {
    const pending = this.#entries.get(verdict.messageId);
    if (pending === undefined) return undefined;
    this.#forget(pending);
    pending.settle(verdict);
    this.#store.remove(verdict.messageId).catch(this.#failed);
    return pending;
  }

  #forget(pending: Pending): void {
    this.#entries.delete(pending.messageId);
    this.#order.delete(pending);
  }
}
