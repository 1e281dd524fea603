/**
 * Frames of one connection about one conversation, handled in the order in which they came.
 *
 * Most are handled within the turn in which they arrive and leave nothing behind. One that needs a look-up returns a promise;
 * until it is settled, later frames about the same conversation wait, those about others do not. The list of a connection is
 * short (`maxPendingFrames`, then `overloaded`) and does not exist while nothing waits.
 */
import type { Frame } from '@parley/schemas/codec/frame-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Connection } from '../connection.ts';

export type OrderedFrame = Extract<Frame, { name: 'send' | 'delivered' | 'read' | 'mark' }>;

export interface PendingFrame {
  readonly frame: OrderedFrame;
  isRunning: boolean;
}

/** Undefined: handled. May throw instead. */
export type HandleOrdered = (connection: Connection, frame: OrderedFrame) => Promise<void> | undefined;
export type ReportFault = (connection: Connection, frame: Frame, error: unknown) => void;

export class FrameOrder {
  readonly #handle: HandleOrdered;
  readonly #report: ReportFault;
  readonly #maxPending: number;

  constructor(handle: HandleOrdered, report: ReportFault, maxPending: number) {
    this.#handle = handle;
    this.#report = report;
    this.#maxPending = maxPending;
  }

  take(connection: Connection, frame: OrderedFrame): void {
    const { pending } = connection;
    if (pending === null) {
      this.#run(connection, frame);
    } else if (pending.length >= this.#maxPending) {
      this.#report(connection, frame, new ParleyError('overloaded'));
    } else if (pending.some((other) => isSameConversation(other.frame, frame))) {
      pending.push({ frame, isRunning: false });
    } else {
      this.#run(connection, frame);
    }
  }

  /** True if the frame was handled at once. */
  #run(connection: Connection, frame: OrderedFrame): boolean {
    let handled: Promise<void> | undefined;
    try {
      handled = this.#handle(connection, frame);
    } catch (error) {
      this.#report(connection, frame, error);
    }
    if (handled === undefined) return true;
    const entry: PendingFrame = { frame, isRunning: true };
    connection.pending ??= [];
    connection.pending.unshift(entry);
    handled.then(
      () => this.#settled(connection, entry),
      (error: unknown) => {
        this.#report(connection, frame, error);
        this.#settled(connection, entry);
      },
    );
    return false;
  }

  #settled(connection: Connection, entry: PendingFrame): void {
    const { pending } = connection;
    if (pending === null) return;
    pending.splice(pending.indexOf(entry), 1);
    for (;;) {
      const next = pending.findIndex((other) => !other.isRunning && isSameConversation(other.frame, entry.frame));
      if (next < 0) break;
      const [{ frame }] = pending.splice(next, 1) as [PendingFrame];
      if (!connection.isOpen) continue;
      if (!this.#run(connection, frame)) break;
    }
    if (pending.length === 0) connection.pending = null;
  }
}

function isSameConversation(one: OrderedFrame, other: OrderedFrame): boolean {
  return one.body.conversation_id === other.body.conversation_id;
}
