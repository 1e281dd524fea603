/** The one error class that crosses a boundary of Parley: it carries a code of the catalogue. */
import { type ErrorCode, errorCatalogue } from './catalogue.ts';

export interface ParleyErrorOptions {
  /** What exactly, without anything private: it is logged and may be sent to the caller. */
  readonly detail?: string;
  /** When the same may be tried again. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

export class ParleyError extends Error {
  override readonly name = 'ParleyError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: ParleyErrorOptions = {}) {
    const { message } = errorCatalogue[code];
    super(
      options.detail === undefined ? `${code}: ${message}` : `${code}: ${message} (${options.detail})`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.detail = options.detail;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** True for an error with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is ParleyError {
  return error instanceof ParleyError && error.code === code;
}
