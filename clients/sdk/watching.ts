/**
 * Whose presence the application wants: said to the server, again after every reconnect, and again when it could not be done.
 *
 * A gateway answers a watch by presence frames, and by an `error` with the request's id if it failed; all watches have the one id,
 * because whichever fails, all that is wanted is said again.
 */
import type { TimerHandle, Timers } from '@parley/schemas/environment/clock';
import type { ErrorFrame } from '@parley/schemas/generated/wire';

/** Requests that wait for an answer have ids from 1 on. */
export const watchRequestId = 0;

export interface WatchingPort {
  /** False if there is no connection. */
  send(name: 'watch' | 'unwatch', frame: { readonly request_id: number; readonly user_ids: string[] }): boolean;
  failed(code: string, message: string): void;
}

export class Watching {
  readonly #port: WatchingPort;
  readonly #timers: Timers;
  readonly #wanted = new Set<string>();
  #retry: TimerHandle | null = null;

  constructor(port: WatchingPort, timers: Timers) {
    this.#port = port;
    this.#timers = timers;
  }

  /** False if there is no connection: it is said with the next. */
  watch(userIds: readonly string[]): boolean {
    for (const userId of userIds) this.#wanted.add(userId);
    return this.#say('watch', userIds);
  }

  unwatch(userIds: readonly string[]): boolean {
    for (const userId of userIds) this.#wanted.delete(userId);
    return this.#say('unwatch', userIds);
  }

  connected(): void {
    this.#sayAll();
  }

  disconnected(): void {
    this.#retry?.cancel();
    this.#retry = null;
  }

  /** More than the server allows would be refused for ever: then nothing is wanted, until the application says anew what is. */
  refused({ code, message, retry_after_ms: retryAfterMs }: ErrorFrame): void {
    if (retryAfterMs === null) {
      this.#wanted.clear();
      this.#port.failed(code, message);
      return;
    }
    this.#retry ??= this.#timers.after(retryAfterMs, () => {
      this.#retry = null;
      this.#sayAll();
    });
  }

  #sayAll(): void {
    if (this.#wanted.size > 0) this.#say('watch', [...this.#wanted]);
  }

  #say(name: 'watch' | 'unwatch', userIds: readonly string[]): boolean {
    return this.#port.send(name, { request_id: watchRequestId, user_ids: [...userIds] });
  }
}
