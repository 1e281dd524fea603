/**
 * How many frames a connection may send: an allowance for each kind of frame, which a pause fills up again.
 *
 * Each allowance is one number, the time by which all frames so far would have come at the permitted rate (GCRA): a frame is refused
 * while that lies further ahead than a burst reaches, and the difference is when it may be tried again. Sends are not counted here
 * but per user, over all devices and gateways.
 */
import { type LimitsOf, limitTable } from '@parley/projections/limits/table';
import type { ClientFrameName } from '@parley/schemas/codec/frame-codec';

export type FrameKind = LimitsOf<'connection'>;

export interface FrameRate {
  readonly limit: number;
  readonly windowMs: number;
  /** How many may come at once after a pause. */
  readonly burst: number;
}

export type FrameRates = Readonly<Record<FrameKind, FrameRate>>;

export const defaultFrameRates: FrameRates = limitTable;

/** Null: limited otherwise. A frame that is not here can't be taken. */
export const kindOf: Readonly<Record<ClientFrameName, FrameKind | null>> = {
  send: null,
  delivered: 'receipts',
  read: 'receipts',
  inbox: 'reads',
  fetch: 'reads',
  history: 'reads',
  around: 'reads',
  members: 'reads',
  withheld: 'reads',
  receipt_query: 'reads',
  mark: 'marks',
  watch: 'watches',
  unwatch: 'watches',
  ping: 'pings',
  typing: 'typing',
};

/** Of one connection: by when its frames of a kind would have come at the permitted rate. */
export type FrameBudget = Record<FrameKind, number>;

export const newFrameBudget = (): FrameBudget => ({ reads: 0, marks: 0, watches: 0, receipts: 0, typing: 0, pings: 0 });

const roundingMs = 0.001;

/** Takes one frame: 0 if it is allowed, else the milliseconds until the next may be. */
export function takeFrame(budget: FrameBudget, kind: FrameKind, rates: FrameRates, nowMs: number): number {
  const { limit, windowMs, burst } = rates[kind];
  const intervalMs = windowMs / limit;
  // Further ahead than this it lies only after the clock was set back.
  const dueMs = Math.min(Math.max(budget[kind], nowMs), nowMs + burst * intervalMs);
  const waitMs = dueMs - nowMs - (burst - 1) * intervalMs;
  const isAllowed = waitMs < roundingMs;
  budget[kind] = isAllowed ? dueMs + intervalMs : dueMs;
  return isAllowed ? 0 : Math.ceil(waitMs);
}
