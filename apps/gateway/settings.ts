/** The bounds and times of a gateway. Everything that grows in it is bounded by a number of this page. */
import { limitTable } from '@parley/projections/limits/table';
import { currentRules } from '@parley/streams/conversation/rules';
import { timersSeconds } from '@parley/streams/conversation/timers';
import { defaultFrameRates, type FrameRates } from './frames/frame-budget.ts';

export interface GatewaySettings {
  /** How processors address this gateway: its gRPC address in a cluster, any name in process. */
  readonly gatewayId: string;
  readonly host: string;

  /** What a client is asked to ping. */
  readonly heartbeatIntervalMs: number;
  /** A connection that sent nothing for so long is closed. */
  readonly heartbeatTimeoutMs: number;
  readonly tickMs: number;
  /** How often a connection's session entry and presence lease are renewed. */
  readonly renewalIntervalMs: number;
  /** A renewal that failed is made again after this. */
  readonly renewalRetryMs: number;
  /** Once entries were found lost, all are renewed at once, but at most so many in a second. */
  readonly hurriedRenewalsPerSecond: number;
  /** Every so many renewals a connection's device is looked up in the denylist. */
  readonly renewalsPerRevocationCheck: number;
  /** Verification, registration and the online event together; then the upgrade is refused. */
  readonly admissionTimeoutMs: number;

  readonly maxConnections: number;
  readonly maxFrameBytes: number;
  readonly maxBodyBytes: number;
  /** Disappearing timers that a message may name. */
  readonly timersSeconds: readonly number[];
  readonly maxPreviewChars: number;
  readonly maxUrlBytes: number;
  readonly messagesPerMinute: number;
  readonly maxPageEntries: number;
  /** Entries of the conversation list in a page: as many as most users have. */
  readonly maxInboxEntries: number;
  /** A page of the list is cut before it grows beyond this. */
  readonly maxInboxBytes: number;
  /** A page is cut before it grows beyond this, but never below one message. */
  readonly maxPageBytes: number;
  readonly maxWatched: number;

  /** Live messages that a device may leave unacknowledged before it is switched to catch-up. */
  readonly liveWindow: number;
  /** An unacknowledged live message goes to push after this. */
  readonly unacknowledgedMs: number;
  /** Conversations of a connection whose receipts and catch-up are kept track of at once. */
  readonly maxMarks: number;
  /** A socket that buffers more than this gets no unasked frame and no new page. */
  readonly highWaterBytes: number;
  /** A socket that buffers more than this is closed. Above highWaterBytes plus maxReads pages. */
  readonly maxBackpressureBytes: number;

  /** Sends of a connection that the log has not acknowledged. */
  readonly maxSendsInFlight: number;
  /** Frames of a connection that wait for a look-up, theirs or that of a frame before them. */
  readonly maxPendingFrames: number;
  /** Reads (inbox, fetch, history, receipts) of a connection that run at once, and that wait. */
  readonly maxReads: number;
  readonly maxWaitingReads: number;
  /** Frames of a connection that are the client's fault, in a minute; then it is closed. */
  readonly maxErrorsPerMinute: number;
  /** How many frames a connection may send, by kind. */
  readonly frameRates: FrameRates;
  /** Frames of a connection beyond these rates, in a minute; then it is closed. */
  readonly maxRefusedFramesPerMinute: number;
  /** Upgrades of a user, in a minute. */
  readonly connectsPerMinute: number;
  /** What users type that waits to be told, of all connections. */
  readonly maxTypingWaiting: number;
  /** A look-up that would refuse a send is made again after this, for the projection may trail the log. */
  readonly projectionGraceMs: number;

  /** Members of conversations, and users, that are known to exist. */
  readonly maxCachedMembers: number;
  readonly maxCachedUsers: number;
  /** Users who are watched here and whose presence is known, for 5 min. */
  readonly maxCachedPresences: number;
  /** Jobs that wait for the log. */
  readonly maxPushJobs: number;
  /** Receipts of closed connections that the log refused and that are tried again. */
  readonly maxReceiptRetries: number;
  /** Watches are said again to the presence store within this (it forgets them after 5 min). */
  readonly watchRenewalMs: number;

  /** Bound of a whole drain. */
  readonly drainTimeoutMs: number;
  /** Reconnects are spread at this rate, and over at most drainSpreadMs. */
  readonly drainConnectionsPerSecond: number;
  readonly drainSpreadMs: number;
  /** How long a drain waits for verdicts once every append is settled. */
  readonly drainVerdictMs: number;
}

const kibibyte = 1024;

export function defaultGatewaySettings(gatewayId: string): GatewaySettings {
  return {
    gatewayId,
    host: '127.0.0.1',
    heartbeatIntervalMs: 30_000,
    heartbeatTimeoutMs: 60_000,
    tickMs: 1_000,
    renewalIntervalMs: 20_000,
    renewalRetryMs: 3_000,
    hurriedRenewalsPerSecond: 20_000,
    renewalsPerRevocationCheck: 3,
    admissionTimeoutMs: 8_000,
    maxConnections: 100_000,
    maxFrameBytes: 128 * kibibyte,
    maxBodyBytes: currentRules.maxBodyBytes,
    timersSeconds,
    maxPreviewChars: currentRules.maxPreviewChars,
    maxUrlBytes: 2 * kibibyte,
    messagesPerMinute: limitTable.messages.limit,
    maxPageEntries: 200,
    maxInboxEntries: 2_000,
    maxInboxBytes: 384 * kibibyte,
    maxPageBytes: 256 * kibibyte,
    maxWatched: 256,
    liveWindow: 64,
    unacknowledgedMs: 10_000,
    maxMarks: 64,
    highWaterBytes: 64 * kibibyte,
    maxBackpressureBytes: 2_048 * kibibyte,
    maxSendsInFlight: 128,
    maxPendingFrames: 128,
    maxReads: 4,
    maxWaitingReads: 32,
    maxErrorsPerMinute: 100,
    frameRates: defaultFrameRates,
    maxRefusedFramesPerMinute: 1_000,
    connectsPerMinute: limitTable.connects.limit,
    maxTypingWaiting: 1_000,
    projectionGraceMs: 500,
    maxCachedMembers: 200_000,
    maxCachedUsers: 100_000,
    maxCachedPresences: 100_000,
    maxPushJobs: 50_000,
    maxReceiptRetries: 10_000,
    watchRenewalMs: 120_000,
    drainTimeoutMs: 25_000,
    drainConnectionsPerSecond: 1_000,
    drainSpreadMs: 15_000,
    drainVerdictMs: 2_000,
  };
}
