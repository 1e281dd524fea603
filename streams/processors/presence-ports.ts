/** What the presence processor asks of projections and of its log, narrowed to that. */
import type { PresenceStatus } from '@parley/schemas/generated/events';
import type { Log } from '../log/log.ts';
import type { WatermarkReader } from './receipts-aggregate.ts';

/** A connection's lease, as its gateway renews it. */
export interface PresenceLease {
  readonly userId: string;
  readonly deviceId: string;
  readonly connectionId: number;
  readonly gatewayId: string;
}

export interface PresenceOfUser {
  readonly userId: string;
  readonly status: PresenceStatus;
  /** Null while online or when unknown. */
  readonly lastSeenMs: number | null;
}

/** The presence projection. */
export interface PresenceLedger {
  connect(lease: PresenceLease, atMs: number): Promise<PresenceOfUser>;
  /** Ends only the connection named. */
  disconnect(lease: PresenceLease, atMs: number): Promise<PresenceOfUser>;
  /** Gateways that watch the user. */
  watchers(userId: string, nowMs: number): Promise<readonly string[]>;
  /** The oldest first. */
  expired(
    partition: number,
    nowMs: number,
    limit: number,
  ): Promise<ReadonlyArray<PresenceLease & { readonly expiredAtMs: number }>>;
  /** Of these, the ones without any lease. */
  missing(partition: number, leases: readonly PresenceLease[]): Promise<readonly PresenceLease[]>;
  release(partition: number, lease: PresenceLease): Promise<void>;
}

/** A row of a user's conversation list. */
export interface InboxSummary {
  readonly conversationId: string;
  /** 1:1 only. */
  readonly otherUserId: string | null;
  readonly lastMessagePreview: string | null;
  readonly lastMessageAtMs: number | null;
  readonly lastSeq: number;
  readonly lastOrdinal: number;
  /** The last countable message is the user's own if this equals lastOrdinal. */
  readonly ownOrdinal: number;
  /** Null while a member. */
  readonly leftSeq: number | null;
}

export interface InboxPages {
  list(
    userId: string,
    options: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly InboxSummary[]>;
}

export type WatermarksOfDevices = WatermarkReader;
export type PresenceLog = Pick<Log, 'append' | 'read' | 'committed' | 'bounds'>;
