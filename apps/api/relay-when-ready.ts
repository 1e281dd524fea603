/**
 * The relay of the API, opened in the background and again until it opens: the API serves accounts and takes changes of groups without
 * the log, so it must not need the log to start. Until then changes wait in the outbox, and are answered as not settled.
 */
import type { OutboxRelay } from '@parley/projections/directory/outbox/relay';
import { pause, type Timers } from '@parley/schemas/environment/clock';
import type { Logger } from 'pino';

export interface OpenedRelay {
  readonly relay: Pick<OutboxRelay, 'admit' | 'settle' | 'start' | 'close'>;
  /** What it was opened with. */
  close(): Promise<void>;
}

export interface RelayWhenReadyOptions {
  readonly open: () => Promise<OpenedRelay>;
  readonly timers: Timers;
  readonly logger: Logger;
}

const retryMs = 1_000;

export class RelayWhenReady {
  readonly #options: RelayWhenReadyOptions;
  #opened: OpenedRelay | null = null;
  #opening: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: RelayWhenReadyOptions) {
    this.#options = options;
  }

  start(): void {
    this.#opening = this.#open();
  }

  admit(): void {
    this.#opened?.relay.admit();
  }

  settle(conversationId: string, version: number): Promise<boolean> {
    return this.#opened?.relay.settle(conversationId, version) ?? Promise.resolve(false);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opening;
    await this.#opened?.relay.close();
    await this.#opened?.close();
  }

  async #open(): Promise<void> {
    const { open, timers, logger } = this.#options;
    while (!this.#isClosed) {
      try {
        this.#opened = await open();
        this.#opened.relay.start();
        return;
      } catch (error) {
        logger.warn({ err: error }, 'the relay could not be opened: the log is not told of changes');
        await pause(timers, retryMs);
      }
    }
  }
}
