/** Requests and their answers over one connection: each has an id, a deadline, and fails when the connection goes. */

import type { Frame } from '@parley/schemas/codec/frame-codec';
import type { TimerHandle, Timers } from '@parley/schemas/environment/clock';
import { isErrorCode } from '@parley/schemas/errors/catalogue';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { ErrorFrame } from '@parley/schemas/generated/wire';

interface Waiting {
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: ParleyError) => void;
  readonly deadline: TimerHandle;
}

/** Why a request failed whose connection is still up. */
export const noAnswerInTime = 'no answer in time';

export class Requests {
  readonly #timers: Timers;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(timers: Timers, timeoutMs: number) {
    this.#timers = timers;
    this.#timeoutMs = timeoutMs;
  }

  /** Calls `send` with the id of the request and waits for its answer. @throws ParleyError `unavailable`, or what the server said */
  ask(send: (requestId: number) => boolean): Promise<Frame> {
    const requestId = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const deadline = this.#timers.after(this.#timeoutMs, () => this.#fail(requestId, noAnswerInTime));
      this.#waiting.set(requestId, { resolve, reject, deadline });
      if (!send(requestId)) this.#fail(requestId, 'not connected');
    });
  }

  answer(requestId: number, frame: Frame): void {
    this.#take(requestId)?.resolve(frame);
  }

  refuse(requestId: number, error: ErrorFrame): void {
    const code = isErrorCode(error.code) ? error.code : 'internal';
    const retryAfterMs = error.retry_after_ms === null ? {} : { retryAfterMs: error.retry_after_ms };
    this.#take(requestId)?.reject(new ParleyError(code, { detail: error.message, ...retryAfterMs }));
  }

  /** The connection is gone: nobody will answer. */
  abandon(): void {
    for (const requestId of [...this.#waiting.keys()]) this.#fail(requestId, 'the connection was lost');
  }

  #fail(requestId: number, detail: string): void {
    this.#take(requestId)?.reject(new ParleyError('unavailable', { detail }));
  }

  #take(requestId: number): Waiting | undefined {
    const waiting = this.#waiting.get(requestId);
    this.#waiting.delete(requestId);
    waiting?.deadline.cancel();
    return waiting;
  }
}
