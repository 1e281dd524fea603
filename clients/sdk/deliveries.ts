/**
 * Takes messages to the application in order, moves the cursor after it, and tells the server `delivered`.
 *
 * The application's handler is awaited before the cursor is saved, and the cursor is saved before `delivered` is sent: whatever
 * dies in between, the server keeps what this device may lack. Acknowledgements are coalesced per turn of the event loop. The
 * server does not confirm them, so those since the server is known to have heard this device, and of some moments before, are said
 * again after a lost connection and the next sync.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import type { WireMessage } from '@parley/schemas/generated/wire';
import type { CursorStore } from './stores.ts';
import type { Progress } from './timeline.ts';

export interface DeliveriesPort {
  /** The application takes the messages; they may come again only if this rejects or the process dies. */
  take(conversationId: string, messages: readonly WireMessage[]): Promise<void> | void;
  /** False if there is no connection. */
  delivered(conversationId: string, seq: number): boolean;
  /** The application or the store refused: the client must stop, for it may not go past the message. */
  failed(error: unknown): void;
}

interface Acknowledged {
  seq: number;
  atLocalMs: number;
}

/** What a server heard it may not have written yet when it died. */
const doubtMs = 30_000;

export class Deliveries {
  readonly #port: DeliveriesPort;
  readonly #cursors: CursorStore;
  readonly #clock: Clock;
  readonly #deviceId: string;
  readonly #taken = new Map<string, number>();
  readonly #acknowledged = new Map<string, Acknowledged>();
  readonly #dirty = new Set<string>();
  #queue: Promise<void> = Promise.resolve();
  #flushing = false;
  #failed = false;

  constructor(port: DeliveriesPort, cursors: CursorStore, clock: Clock, deviceId: string) {
    this.#port = port;
    this.#cursors = cursors;
    this.#clock = clock;
    this.#deviceId = deviceId;
  }

  /** Resolves when the application has it and the cursor is saved. Calls are worked off in order. */
  apply(progress: Progress): Promise<void> {
    this.#queue = this.#queue
      .then(() => this.#apply(progress))
      .catch((error: unknown) => {
        this.#failed = true;
        this.#port.failed(error);
      });
    return this.#queue;
  }

  /** Resolves when everything handed over so far was taken. */
  idle(): Promise<void> {
    return this.#queue;
  }

  async #apply({ apply, cursor }: Progress): Promise<void> {
    if (this.#failed) return;
    if (apply.length > 0) await this.#port.take(cursor.conversationId, apply);
    await this.#cursors.save([cursor]);
    this.#taken.set(cursor.conversationId, cursor.seq);
    if (apply.some((message) => message.sender_device_id !== this.#deviceId)) this.#acknowledge(cursor.conversationId);
  }

  #acknowledge(conversationId: string): void {
    this.#dirty.add(conversationId);
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      for (const id of this.#dirty) {
        const seq = this.#taken.get(id) ?? 0;
        if (!this.#port.delivered(id, seq)) return;
        this.#acknowledged.set(id, { seq, atLocalMs: this.#clock.nowMs() });
        this.#dirty.delete(id);
      }
    });
  }

  /** After a sync: say again what may not have arrived. The server is known to have heard what was said before the time. */
  repeatSince(heardAtLocalMs: number): void {
    for (const [id, { atLocalMs }] of this.#acknowledged) {
      if (atLocalMs >= heardAtLocalMs - doubtMs) this.#acknowledge(id);
    }
    for (const id of this.#dirty) this.#acknowledge(id);
  }

  /** A cursor of an earlier run of the application: whether it was acknowledged is not known. */
  restored(conversationId: string, seq: number): void {
    this.#taken.set(conversationId, seq);
    this.#dirty.add(conversationId);
  }
}
