/**
 * Who is writing or recording where: what this user does is said, sparingly, and what others do is shown for some seconds.
 *
 * The application may say it with every keystroke: the server is told at the first, and again while it goes on. What others do ends
 * when they say so, when their message comes, when nothing more is heard for as long as the server said, or with the connection.
 */
import type { Clock, TimerHandle, Timers } from '@parley/schemas/environment/clock';
import type { MemberTypingFrame, TypingFrame, TypingKind } from '@parley/schemas/generated/wire';

export interface TypingEvent {
  readonly conversationId: string;
  readonly userId: string;
  readonly kind: TypingKind;
}

export interface TypingPort {
  /** False if there is no connection. */
  send(frame: TypingFrame): boolean;
  changed(event: TypingEvent): void;
}

interface Said {
  readonly kind: TypingKind;
  readonly atMs: number;
}

/** Of the 6 s for which the server shows it. */
const repeatMs = 3_000;
const shownMs = 6_000;
const maxSaid = 8;
/** Members who type at a time in all conversations; more could not be shown anyway. */
const maxShown = 1_000;

export class Typing {
  readonly #port: TypingPort;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #said = new Map<string, Said>();
  readonly #shown = new Map<string, { readonly event: TypingEvent; readonly expiry: TimerHandle }>();

  constructor(port: TypingPort, { clock, timers }: { readonly clock: Clock; readonly timers: Timers }) {
    this.#port = port;
    this.#clock = clock;
    this.#timers = timers;
  }

  /** False if it could not be said, because there is no connection. */
  say(conversationId: string, kind: TypingKind): boolean {
    const atMs = this.#clock.nowMs();
    const last = this.#said.get(conversationId);
    const isShown = last !== undefined && last.kind !== 'stopped' && atMs - last.atMs < shownMs;
    if (kind === 'stopped' ? !isShown : isShown && last.kind === kind && atMs - last.atMs < repeatMs) return true;
    if (!this.#port.send({ conversation_id: conversationId, kind })) return false;
    this.#said.delete(conversationId);
    this.#said.set(conversationId, { kind, atMs });
    if (this.#said.size > maxSaid) this.#said.delete(this.#said.keys().next().value!);
    return true;
  }

  /** The user's message has gone: with it, others see that the writing ended. */
  sent(conversationId: string): void {
    this.#said.delete(conversationId);
  }

  received({ conversation_id: conversationId, user_id: userId, kind, for_ms: forMs }: MemberTypingFrame): void {
    const key = `${conversationId}/${userId}`;
    const before = this.#shown.get(key);
    before?.expiry.cancel();
    this.#shown.delete(key);
    if (kind === 'stopped' || forMs <= 0 || this.#shown.size >= maxShown) {
      if (before !== undefined) this.#port.changed({ conversationId, userId, kind: 'stopped' });
      return;
    }
    const event = { conversationId, userId, kind };
    this.#shown.set(key, { event, expiry: this.#timers.after(forMs, () => this.ended(conversationId, userId)) });
    if (before?.event.kind !== kind) this.#port.changed(event);
  }

  /** Their message came, or nothing more was heard. */
  ended(conversationId: string, userId: string): void {
    const key = `${conversationId}/${userId}`;
    const shown = this.#shown.get(key);
    if (shown === undefined) return;
    shown.expiry.cancel();
    this.#shown.delete(key);
    this.#port.changed({ conversationId, userId, kind: 'stopped' });
  }

  /** The connection is gone: nobody will say that they stopped. */
  disconnected(): void {
    this.#said.clear();
    for (const { event } of [...this.#shown.values()]) this.ended(event.conversationId, event.userId);
  }
}
