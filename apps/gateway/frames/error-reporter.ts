/**
 * Tells a client why a frame of it was not taken: an `error` frame with a code of the catalogue; the connection stays up.
 *
 * Only faults that are the client's own are counted, those that no retry can mend; too many of them in a minute end the
 * connection. What is no ParleyError is a defect or a driver's error: it is logged here and told as `internal`.
 */
import { type ErrorCode, errorCatalogue } from '@parley/schemas/errors/catalogue';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Logger } from 'pino';
import type { Connection } from '../connection.ts';
import type { GatewayCounts } from '../counts.ts';
import type { GatewaySettings } from '../settings.ts';

/** Which request or send the error is about. */
export interface FrameRef {
  readonly requestId: number | null;
  readonly messageId: string | null;
}

export const noRef: FrameRef = { requestId: null, messageId: null };

const minuteMs = 60_000;
const defaultRetryMs = 1_000;

/** What errors of the log are called towards a client. */
const clientCodes: Partial<Record<ErrorCode, ErrorCode>> = {
  timestamp_ahead: 'clock_ahead',
  queue_full: 'overloaded',
  log_unavailable: 'unavailable',
  record_too_large: 'body_too_large',
};

export class ErrorReporter {
  readonly #settings: GatewaySettings;
  readonly #close: (connection: Connection, code: ErrorCode) => void;
  readonly #counts: GatewayCounts;
  readonly #logger: Logger;

  constructor(
    settings: GatewaySettings,
    close: (connection: Connection, code: ErrorCode) => void,
    counts: GatewayCounts,
    logger: Logger,
  ) {
    this.#settings = settings;
    this.#close = close;
    this.#counts = counts;
    this.#logger = logger;
  }

  report(connection: Connection, error: unknown, ref: FrameRef, nowMs: number): void {
    if (!connection.isOpen) return;
    const known = error instanceof ParleyError ? error : this.#unforeseen(error);
    const code = clientCodes[known.code] ?? known.code;
    const { message, retryable } = errorCatalogue[code];
    this.#counts.errorsTold++;
    connection.send('error', {
      code,
      message: known.detail === undefined || code !== known.code ? message : `${message} (${known.detail})`,
      request_id: ref.requestId,
      message_id: ref.messageId,
      retry_after_ms: known.retryAfterMs ?? (retryable ? defaultRetryMs : null),
    });
    if (!retryable) this.#countFault(connection, nowMs);
  }

  /** The connection sent too many frames: told when to go on. Who does not heed it is closed. */
  refuseFrame(connection: Connection, retryAfterMs: number, ref: FrameRef, nowMs: number): void {
    this.report(connection, new ParleyError('rate_limited', { retryAfterMs }), ref, nowMs);
    if (nowMs - connection.refusedSinceMs >= minuteMs) {
      connection.refusedSinceMs = nowMs;
      connection.refused = 0;
    }
    connection.refused++;
    if (connection.refused > this.#settings.maxRefusedFramesPerMinute) this.#close(connection, 'too_many_errors');
  }

  #unforeseen(error: unknown): ParleyError {
    this.#logger.error({ err: error }, 'a frame could not be handled');
    return new ParleyError('internal');
  }

  #countFault(connection: Connection, nowMs: number): void {
    if (nowMs - connection.errorsSinceMs >= minuteMs) {
      connection.errorsSinceMs = nowMs;
      connection.errors = 0;
    }
    connection.errors++;
    if (connection.errors > this.#settings.maxErrorsPerMinute) this.#close(connection, 'too_many_errors');
  }
}
