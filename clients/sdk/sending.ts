/**
 * Sends what the outbox holds, and acts on what the server says of it (design rules 1 and 3).
 *
 * Timers only look whether something is due; the outbox decides. After `out_of_window` the conversation is fetched to its end: if
 * the message is there, that is its verdict; if not, it goes on under a new id, at most `maxRenames` times.
 */
import type { TimerHandle, Timers } from '@parley/schemas/environment/clock';
import { errorCatalogue, isErrorCode } from '@parley/schemas/errors/catalogue';
import type { AcceptedFrame, ErrorFrame, RefusedFrame, SendFrame, WireMessage } from '@parley/schemas/generated/wire';
import type { Verdict } from './events.ts';
import { toMlsHeader } from './mls-message.ts';
import type { Outbox, Pending } from './outbox.ts';
import type { OutgoingMessage } from './stores.ts';

export interface SendingPort {
  /** False if there is no connection. */
  send(frame: SendFrame): boolean;
  /** Fetches the conversation to its end; rejects if the connection fails before. */
  repair(conversationId: string): Promise<void>;
  accepted(pending: Pending, verdict: AcceptedFrame): void;
  refused(pending: Pending, code: string): void;
  renamed(messageId: string, newMessageId: string): void;
  /** The outbox could not be kept: what is in it waits, and is tried again. */
  failed(error: unknown): void;
}

const maxRenames = 5;
const defaultRetryMs = 1_000;
/** After the store could not be told of a new id. */
const renameAgainMs = 10_000;

export class Sending {
  readonly #outbox: Outbox;
  readonly #port: SendingPort;
  readonly #timers: Timers;
  readonly #renames = new WeakMap<Pending, number>();
  #ticker: TimerHandle | null = null;
  #flushing: Promise<void> | null = null;
  #flushAgain = false;

  constructor(outbox: Outbox, port: SendingPort, timers: Timers) {
    this.#outbox = outbox;
    this.#port = port;
    this.#timers = timers;
  }

  /** The connection is up: everything without a verdict goes again, in order. */
  connected(): void {
    this.#outbox.reconnected();
    this.#ticker?.cancel();
    this.#ticker = this.#timers.every(500, () => void this.flush());
    void this.flush();
  }

  disconnected(): void {
    this.#ticker?.cancel();
    this.#ticker = null;
  }

  async add(message: OutgoingMessage): Promise<{ messageId: string; verdict: Promise<Verdict> }> {
    let settle: (verdict: Verdict) => void = () => undefined;
    const verdict = new Promise<Verdict>((resolve) => {
      settle = resolve;
    });
    const pending = await this.#outbox.add(message, settle);
    const { messageId } = pending;
    void this.flush();
    return { messageId, verdict };
  }

  /** One pass at a time, so that messages leave in the order in which they were handed over; none without a connection. */
  flush(): Promise<void> {
    // A message that waits for a connection must not count as transmitted: its id may be replaced when its time runs out.
    if (this.#ticker === null) return Promise.resolve();
    if (this.#flushing !== null) {
      this.#flushAgain = true;
      return this.#flushing;
    }
    this.#flushing = this.#passes()
      .catch((error: unknown) => this.#port.failed(error))
      .finally(() => {
        this.#flushing = null;
      });
    return this.#flushing;
  }

  async #passes(): Promise<void> {
    do {
      this.#flushAgain = false;
      for (const pending of this.#outbox.due()) {
        if (this.#outbox.isStale(pending)) await this.#rename(pending);
        await this.#outbox.markTransmitted(pending);
        if (!this.#port.send(toFrame(pending))) return;
      }
    } while (this.#flushAgain);
  }

  async #rename(pending: Pending): Promise<void> {
    const old = await this.#outbox.rename(pending);
    this.#port.renamed(old, pending.messageId);
  }

  accepted(frame: AcceptedFrame): void {
    const { message_id: messageId, seq, at_ms: atMs } = frame;
    const pending = this.#outbox.settle({ kind: 'accepted', messageId, seq, atMs });
    if (pending === undefined) return;
    this.#port.accepted(pending, frame);
    void this.flush();
  }

  /** A page or live frame shows an own message: that is its verdict, if the frame with it was lost. */
  seen(message: WireMessage): void {
    if (this.#outbox.get(message.message_id) === undefined) return;
    this.accepted({
      conversation_id: message.conversation_id,
      message_id: message.message_id,
      seq: message.seq,
      ordinal: message.ordinal,
      at_ms: message.at_ms,
    });
  }

  /** A refusal that is not for ever (the conversation is busy) is tried again under the same id. */
  refused(frame: RefusedFrame): void {
    const pending = this.#outbox.get(frame.message_id);
    if (pending === undefined) return;
    if (isRetryable(frame.code)) {
      this.#outbox.postpone(frame.message_id, defaultRetryMs);
      return;
    }
    const renames = this.#renames.get(pending) ?? 0;
    if (frame.code !== 'out_of_window' || renames >= maxRenames) {
      this.#refuse(frame.message_id, frame.code);
      return;
    }
    this.#renames.set(pending, renames + 1);
    pending.verifying = true;
    void this.verify();
  }

  /** Settles what waits for a sync after `out_of_window`; called again after every sync, for one may have failed. */
  async verify(): Promise<void> {
    for (const pending of [...this.#outbox.waiting()].filter((one) => one.verifying)) {
      try {
        await this.#port.repair(pending.message.conversationId);
      } catch {
        return; // The connection failed: the sync after the reconnect comes back here.
      }
      if (this.#outbox.get(pending.messageId) !== pending || !pending.verifying) continue;
      try {
        await this.#rename(pending);
        this.#outbox.postpone(pending.messageId, 0);
      } catch (error) {
        this.#port.failed(error);
        this.#timers.after(renameAgainMs, () => void this.verify());
      }
    }
    await this.flush();
  }

  /** An error frame that names a send: try the same id later, or give up where the code says that it never can be. */
  failed(frame: ErrorFrame & { message_id: string }): void {
    if (isRetryable(frame.code)) {
      this.#outbox.postpone(frame.message_id, frame.retry_after_ms ?? defaultRetryMs);
      return;
    }
    this.#refuse(frame.message_id, frame.code);
  }

  /** Who handed it over may be gone with an earlier run of the application: the event is for the one that runs now. */
  #refuse(messageId: string, code: string): void {
    const pending = this.#outbox.settle({ kind: 'refused', messageId, code });
    if (pending !== undefined) this.#port.refused(pending, code);
  }

  appended(messageId: string): boolean {
    const isOwn = this.#outbox.markAppended(messageId);
    if (isOwn) void this.flush();
    return isOwn;
  }
}

function isRetryable(code: string): boolean {
  return isErrorCode(code) && errorCatalogue[code].retryable;
}

function toFrame(pending: Pending): SendFrame {
  const { message } = pending;
  const { buffer, byteOffset, byteLength } = message.encryptedBody;
  return {
    conversation_id: message.conversationId,
    peer_id: message.peerId,
    message_id: pending.messageId,
    message_type: message.messageType,
    encrypted_body: Buffer.from(buffer, byteOffset, byteLength),
    preview: message.preview,
    media_url: message.mediaUrl,
    thumbnail_url: message.thumbnailUrl,
    reply_to: message.replyTo,
    target_id: message.targetId,
    timer_seconds: message.timerSeconds,
    mls: toMlsHeader(message.mls),
  };
}
