/**
 * Writes of different partitions on their way to the CQL engine in as few requests as may be.
 *
 * What a request costs the engine is mostly the request: a thread that takes it, waits for the commit log and answers. So what is
 * written while few requests are on their way goes out at once, together with what else was written in the same turn of the event
 * loop; what is written while all of them are waits, and goes out together with what came meanwhile. Nothing waits for a timer, and
 * the busier it is the more share a request. A request stays below the sizes at which engines complain: a batch over more than ten
 * partitions draws a warning, one beyond 50 KiB is refused.
 *
 * A request is an unlogged batch: one mutation for each partition, applied or not each by itself. If it fails, all who wrote by it
 * are told so; what they wrote may have been applied all the same, and they write it again.
 */
import { invariant } from '@parley/schemas/errors/invariant';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { CqlStatement } from './connection.ts';

export interface WriteLimits {
  /** Requests on their way at once. */
  readonly maxRequests: number;
  readonly maxPartitionsPerRequest: number;
  readonly maxStatementsPerRequest: number;
  readonly maxBytesPerRequest: number;
  /** Writes that wait for a request; those beyond are refused. */
  readonly maxWaiting: number;
}

export const defaultWriteLimits: WriteLimits = {
  maxRequests: 8,
  maxPartitionsPerRequest: 10,
  maxStatementsPerRequest: 100,
  maxBytesPerRequest: 32_768,
  maxWaiting: 50_000,
};

interface Waiting {
  readonly statements: readonly CqlStatement[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class WriteAccumulator {
  readonly #send: (statements: readonly CqlStatement[]) => Promise<void>;
  readonly #limits: WriteLimits;
  #waiting: Waiting[] = [];
  /** How many of `#waiting` are sent already, from its beginning. */
  #taken = 0;
  #requests = 0;
  #scheduled = false;

  /** @param send makes one request, of one statement or of a batch */
  constructor(send: (statements: readonly CqlStatement[]) => Promise<void>, limits = defaultWriteLimits) {
    invariant(limits.maxRequests >= 1, 'a request may be on its way');
    this.#send = send;
    this.#limits = limits;
  }

  /**
   * Statements of one partition, applied as one mutation; `bytes` is about what their values take.
   * @throws ParleyError `overloaded`, or whatever `send` throws
   */
  write(statements: readonly CqlStatement[], bytes: number): Promise<void> {
    if (this.#waiting.length - this.#taken >= this.#limits.maxWaiting) {
      return Promise.reject(new ParleyError('overloaded', { detail: 'cql' }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ statements, bytes, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#requests >= this.#limits.maxRequests) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      while (this.#requests < this.#limits.maxRequests && this.#taken < this.#waiting.length) this.#request();
    });
  }

  #request(): void {
    const writes = this.#take();
    this.#requests++;
    this.#send(writes.length === 1 ? writes[0]!.statements : writes.flatMap(({ statements }) => statements)).then(
      () => this.#ended(writes, ({ resolve }) => resolve()),
      (error: unknown) => this.#ended(writes, ({ reject }) => reject(error)),
    );
  }

  /** As many as fit into one request, in the order they came; at least one. */
  #take(): readonly Waiting[] {
    const { maxPartitionsPerRequest, maxStatementsPerRequest, maxBytesPerRequest } = this.#limits;
    const from = this.#taken;
    let statements = 0;
    let bytes = 0;
    while (this.#taken < this.#waiting.length && this.#taken - from < maxPartitionsPerRequest) {
      const next = this.#waiting[this.#taken]!;
      statements += next.statements.length;
      bytes += next.bytes;
      if (this.#taken > from && (statements > maxStatementsPerRequest || bytes > maxBytesPerRequest)) break;
      this.#taken++;
    }
    const taken = this.#waiting.slice(from, this.#taken);
    if (this.#taken === this.#waiting.length) {
      this.#waiting = [];
      this.#taken = 0;
    } else if (this.#taken >= 1_024) {
      this.#waiting = this.#waiting.slice(this.#taken);
      this.#taken = 0;
    }
    return taken;
  }

  #ended(writes: readonly Waiting[], settle: (one: Waiting) => void): void {
    this.#requests--;
    for (const one of writes) settle(one);
    this.#schedule();
  }
}
