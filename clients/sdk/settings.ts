/** What a client is made with, its limits, and the shape of a message to send. */
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import type { MessageType, WireMessage } from '@parley/schemas/generated/wire';
import type { BackoffSettings } from './backoff.ts';
import type { Credentials } from './connection.ts';
import type { MlsMessage } from './mls-message.ts';
import { defaultOutboxSettings, type OutboxSettings } from './outbox.ts';
import type { CursorStore, OutboxStore } from './stores.ts';
import type { Transport } from './transport.ts';

export interface ClientOptions {
  readonly urls: readonly string[];
  readonly credentials: Credentials;
  readonly deviceId: string;
  readonly transport: Transport;
  readonly cursors: CursorStore;
  readonly outbox: OutboxStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** Takes messages durably before the cursor moves past them; the `messages` event follows. */
  readonly take?: (conversationId: string, messages: readonly WireMessage[]) => Promise<void> | void;
  readonly settings?: Partial<ClientSettings>;
}

export interface ClientSettings {
  readonly backoff: BackoffSettings;
  readonly outbox: OutboxSettings;
  readonly helloTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly resyncAfterMs: number;
  readonly pageEntries: number;
  /** Of the conversation list. */
  readonly inboxEntries: number;
  readonly maxConcurrentFetches: number;
  /** Live messages of one conversation that wait above a gap. */
  readonly maxBuffered: number;
  readonly maxTrackedStatuses: number;
}

export const defaultClientSettings: ClientSettings = {
  backoff: { firstMs: 500, maxMs: 30_000 },
  outbox: defaultOutboxSettings,
  helloTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  resyncAfterMs: 2_000,
  pageEntries: 200,
  inboxEntries: 2_000,
  maxConcurrentFetches: 4,
  maxBuffered: 256,
  maxTrackedStatuses: 1_000,
};

export interface NewMessage {
  /** 1:1: to whom; a group is named by conversationId instead. */
  readonly peerId?: string;
  readonly conversationId?: string;
  readonly messageType?: MessageType;
  readonly encryptedBody: Uint8Array;
  readonly preview?: string | null;
  readonly mediaUrl?: string | null;
  readonly thumbnailUrl?: string | null;
  readonly replyTo?: string | null;
  readonly targetId?: string | null;
  /** The conversation's disappearing timer as the application knows it; 0, the default, for none. */
  readonly timerSeconds?: number;
  /** Needed by messages of type mls, of no other. */
  readonly mls?: MlsMessage;
}
