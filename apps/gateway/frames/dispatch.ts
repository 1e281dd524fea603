/**
 * What comes in on a connection: bytes to a frame, the frame to whoever handles it, and every fault to an `error` frame.
 */
import { decodeFrame, decodeJsonFrame, type Frame, isClientFrame } from '@parley/schemas/codec/frame-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { TypingFrame } from '@parley/schemas/generated/wire';
import type { Connection } from '../connection.ts';
import type { GatewayCounts } from '../counts.ts';
import type { PresenceWatch } from '../presence-watch.ts';
import type { GatewaySettings } from '../settings.ts';
import { type ErrorReporter, type FrameRef, noRef } from './error-reporter.ts';
import { type FrameRates, kindOf, newFrameBudget, takeFrame } from './frame-budget.ts';
import type { MarkDesk } from './marks.ts';
import { FrameOrder, type OrderedFrame } from './order.ts';
import { type ReadFrame, Reads } from './reads.ts';
import type { ReceiptQueries } from './receipt-query.ts';
import type { ReceiptDesk } from './receipts.ts';
import type { SendDesk } from './send.ts';
import type { SyncDesk } from './sync.ts';
import type { TypingDesk } from './typing.ts';

export interface Desks {
  readonly sends: SendDesk;
  readonly receipts: ReceiptDesk;
  readonly sync: SyncDesk;
  readonly marks: MarkDesk;
  readonly queries: ReceiptQueries;
  readonly watches: PresenceWatch;
  readonly typing: TypingDesk;
}

export interface DispatchDependencies {
  readonly errors: ErrorReporter;
  readonly clock: Clock;
  readonly counts: GatewayCounts;
}

export class Dispatch {
  readonly #desks: Desks;
  readonly #on: DispatchDependencies;
  readonly #order: FrameOrder;
  readonly #reads: Reads;
  readonly #rates: FrameRates;

  constructor(desks: Desks, dependencies: DispatchDependencies, settings: GatewaySettings) {
    this.#desks = desks;
    this.#on = dependencies;
    const { errors, clock } = dependencies;
    const report = (connection: Connection, frame: Frame, error: unknown): void =>
      errors.report(connection, error, refOf(frame), clock.nowMs());
    this.#order = new FrameOrder(
      (connection, frame) => this.#ordered(connection, frame),
      report,
      settings.maxPendingFrames,
    );
    this.#rates = settings.frameRates;
    this.#reads = new Reads((connection, frame) => this.#read(connection, frame), report, settings);
  }

  /** `bytes` is only looked at during the call. */
  receive(connection: Connection, bytes: Buffer, isBinary: boolean): void {
    if (!connection.isOpen) return;
    const nowMs = this.#on.clock.nowMs();
    connection.lastHeardMs = nowMs;
    this.#on.counts.framesIn++;
    let frame: Frame;
    try {
      frame = decode(connection, bytes, isBinary);
    } catch (error) {
      this.#on.errors.report(connection, error, noRef, nowMs);
      return;
    }
    if (this.#isTooMany(connection, frame, nowMs)) return;
    switch (frame.name) {
      case 'send':
      case 'delivered':
      case 'read':
      case 'mark':
        this.#order.take(connection, frame);
        return;
      case 'inbox':
      case 'fetch':
      case 'history':
      case 'around':
      case 'members':
      case 'withheld':
      case 'receipt_query':
      case 'watch':
      case 'unwatch':
        this.#reads.take(connection, frame);
        return;
      case 'typing':
        this.#typing(connection, frame.body, nowMs);
        return;
      case 'ping':
        connection.send('pong', { client_time_ms: frame.body.client_time_ms, server_time_ms: nowMs });
        return;
      default:
        this.#on.errors.report(connection, new ParleyError('unexpected_frame', { detail: frame.name }), noRef, nowMs);
    }
  }

  /** The connection sent more frames of the kind than it may; it was told so. */
  #isTooMany(connection: Connection, frame: Frame, nowMs: number): boolean {
    if (!isClientFrame(frame.name)) return false;
    const kind = kindOf[frame.name];
    if (kind === null) return false;
    connection.budget ??= newFrameBudget();
    const retryAfterMs = takeFrame(connection.budget, kind, this.#rates, nowMs);
    if (retryAfterMs === 0) return false;
    this.#on.errors.refuseFrame(connection, retryAfterMs, refOf(frame), nowMs);
    return true;
  }

  #typing(connection: Connection, frame: TypingFrame, nowMs: number): void {
    try {
      this.#desks.typing.handle(connection, frame);
    } catch (error) {
      this.#on.errors.report(connection, error, noRef, nowMs);
    }
  }

  /** The socket took what it had buffered. */
  drained(connection: Connection): void {
    if (connection.isOpen) this.#reads.resume(connection);
  }

  #ordered(connection: Connection, frame: OrderedFrame): Promise<void> | undefined {
    switch (frame.name) {
      case 'send':
        return this.#desks.sends.handle(connection, frame.body);
      case 'delivered':
        return this.#desks.receipts.delivered(connection, frame.body);
      case 'read':
        return this.#desks.receipts.read(connection, frame.body);
      case 'mark':
        return this.#desks.marks.handle(connection, frame.body);
    }
  }

  #read(connection: Connection, frame: ReadFrame): Promise<void> {
    switch (frame.name) {
      case 'inbox':
        return this.#desks.sync.inbox(connection, frame.body);
      case 'fetch':
        return this.#desks.sync.fetch(connection, frame.body);
      case 'history':
        return this.#desks.sync.history(connection, frame.body);
      case 'around':
        return this.#desks.sync.around(connection, frame.body);
      case 'members':
        return this.#desks.sync.members(connection, frame.body);
      case 'withheld':
        return this.#desks.sync.withheld(connection, frame.body);
      case 'receipt_query':
        return this.#desks.queries.answer(connection, frame.body);
      case 'watch':
        return this.#desks.watches.watch(connection, frame.body);
      case 'unwatch':
        return this.#desks.watches.unwatch(connection, frame.body);
    }
  }
}

/** @throws ParleyError `malformed_frame` */
function decode(connection: Connection, bytes: Buffer, isBinary: boolean): Frame {
  if (isBinary !== (connection.form === 'avro')) {
    throw new ParleyError('malformed_frame', {
      detail: isBinary ? 'binary on parley.v1.json' : 'text on parley.v1.avro',
    });
  }
  return isBinary ? decodeFrame(bytes) : decodeJsonFrame(bytes.toString('utf8'));
}

function refOf({ body }: Frame): FrameRef {
  return {
    requestId: 'request_id' in body ? body.request_id : null,
    messageId: 'encrypted_body' in body ? body.message_id : null,
  };
}
