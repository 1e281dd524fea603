/**
 * Catching up with the server: reads the inbox, then fetches every conversation that reaches further than this device's cursor.
 *
 * The same fetch repairs gaps. At most `maxConcurrent` conversations are fetched at once, one page after the other; a failed fetch
 * is left to the next sync, which the caller starts after the reconnect or after a pause. A sync that is asked for while one runs
 * starts again after it: the first may have read the inbox too early.
 */
import { hasCode } from '@parley/schemas/errors/parley-error';
import type { InboxEntry, InboxPageFrame, PageFrame } from '@parley/schemas/generated/wire';
import type { Cursor } from './stores.ts';

export interface SyncPort {
  inbox(after: string | null): Promise<InboxPageFrame>;
  fetch(cursor: Cursor): Promise<PageFrame>;
  cursorOf(conversationId: string): Cursor;
  /** Told before the fetch, so that the conversation is known to be behind. */
  entry(entry: InboxEntry): void;
  /** Resolves when the application has taken the page and the cursor stands after it. */
  apply(page: PageFrame): Promise<void>;
}

export class Sync {
  readonly #port: SyncPort;
  readonly #maxConcurrent: number;
  readonly #fetching = new Map<string, Promise<void>>();
  #running: Promise<void> | null = null;
  #again = false;

  constructor(port: SyncPort, maxConcurrent: number) {
    this.#port = port;
    this.#maxConcurrent = maxConcurrent;
  }

  /** Resolves when this device has everything that the server had when it was called; rejects if the connection fails before. */
  run(): Promise<void> {
    if (this.#running !== null) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#rounds().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #rounds(): Promise<void> {
    do {
      this.#again = false;
      await this.#round();
    } while (this.#again);
  }

  async #round(): Promise<void> {
    let after: string | null = null;
    do {
      const page: InboxPageFrame = await this.#port.inbox(after);
      const behind = page.entries.filter((entry) => {
        this.#port.entry(entry);
        return entry.last_seq > this.#port.cursorOf(entry.conversation_id).seq;
      });
      await this.#fetchAll(behind.map((entry) => entry.conversation_id));
      after = page.next;
    } while (after !== null);
  }

  async #fetchAll(conversationIds: readonly string[]): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < conversationIds.length) await this.repair(conversationIds[next++]!);
    };
    await Promise.all(Array.from({ length: Math.min(this.#maxConcurrent, conversationIds.length) }, worker));
  }

  /** Fetches one conversation up to its end. One at a time for each: a second caller waits for the first. */
  repair(conversationId: string): Promise<void> {
    const running = this.#fetching.get(conversationId);
    if (running !== undefined) return running;
    const fetching = this.#fetchToEnd(conversationId).finally(() => this.#fetching.delete(conversationId));
    this.#fetching.set(conversationId, fetching);
    return fetching;
  }

  async #fetchToEnd(conversationId: string): Promise<void> {
    for (;;) {
      const page = await this.#port.fetch(this.#port.cursorOf(conversationId)).catch((error: unknown) => {
        // One that was never a member of it, or no longer may see any of it: there is nothing to repair.
        if (hasCode(error, 'not_found')) return null;
        throw error;
      });
      if (page === null) return;
      await this.#port.apply(page);
      if (!page.more) return;
    }
  }
}
