/**
 * Reads of one connection: a few run at once, a few more wait, beyond that `overloaded`.
 *
 * A read does not start while the socket buffers more than a little, so a device that asks for pages and does not take them
 * makes the gateway hold at most the pages that were being read.
 */
import type { Frame } from '@parley/schemas/codec/frame-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Connection } from '../connection.ts';
import type { GatewaySettings } from '../settings.ts';
import type { ReportFault } from './order.ts';

export type ReadFrame = Extract<
  Frame,
  { name: 'inbox' | 'fetch' | 'history' | 'around' | 'members' | 'withheld' | 'receipt_query' | 'watch' | 'unwatch' }
>;

export interface ReadQueue {
  running: number;
  readonly waiting: ReadFrame[];
}

export type HandleRead = (connection: Connection, frame: ReadFrame) => Promise<void>;

export class Reads {
  readonly #handle: HandleRead;
  readonly #report: ReportFault;
  readonly #settings: GatewaySettings;

  constructor(handle: HandleRead, report: ReportFault, settings: GatewaySettings) {
    this.#handle = handle;
    this.#report = report;
    this.#settings = settings;
  }

  take(connection: Connection, frame: ReadFrame): void {
    connection.reads ??= { running: 0, waiting: [] };
    if (connection.reads.waiting.length >= this.#settings.maxWaitingReads) {
      this.#report(connection, frame, new ParleyError('overloaded'));
      return;
    }
    connection.reads.waiting.push(frame);
    this.resume(connection);
  }

  /** Starts what may start: after a read ended, and when the socket has drained. */
  resume(connection: Connection): void {
    const { reads } = connection;
    if (reads === null) return;
    const { maxReads, highWaterBytes } = this.#settings;
    while (
      connection.isOpen &&
      reads.waiting.length > 0 &&
      reads.running < maxReads &&
      connection.bufferedBytes <= highWaterBytes
    ) {
      this.#start(connection, reads, reads.waiting.shift()!);
    }
    if (reads.running === 0 && reads.waiting.length === 0) connection.reads = null;
  }

  #start(connection: Connection, reads: ReadQueue, frame: ReadFrame): void {
    reads.running++;
    const ended = (): void => {
      reads.running--;
      if (connection.isOpen) this.resume(connection);
    };
    this.#handle(connection, frame).then(ended, (error: unknown) => {
      this.#report(connection, frame, error);
      ended();
    });
  }
}
