/** Everything outside a gateway that it talks to, as ports. */

import type { AccessTokenVerifier, UserDirectory } from '@parley/projections/directory/directory';
import type { InboxStore } from '@parley/projections/inbox/store';
import type { MemberStore } from '@parley/projections/members/store';
import type { PresenceStore } from '@parley/projections/presence/store';
import type { ReceiptStore } from '@parley/projections/receipts/store';
import type { SessionStore } from '@parley/projections/sessions/store';
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import type { PushJob } from '@parley/schemas/generated/events';
import type { MessageRow } from '@parley/streams/conversation/rows';
import type { Log } from '@parley/streams/log/log';
import type { MessageLookup } from '@parley/streams/processors/ports';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';

/** A stretch of a conversation and what it holds; a seq absent inside it is final. */
export interface HistoryPage {
  readonly conversationId: string;
  readonly coveredFrom: number;
  readonly coveredTo: number;
  readonly coveredToAtMs: number;
  readonly lastSeq: number;
  readonly more: boolean;
  readonly rows: readonly MessageRow[];
}

/** Pages of history, authorised by the membership intervals read after the rows. @throws ParleyError `not_found` */
export interface HistorySource {
  fetch(
    userId: string,
    request: {
      readonly conversationId: string;
      readonly afterSeq: number;
      readonly afterAtMs: number;
      readonly limit: number;
    },
  ): Promise<HistoryPage>;
  before(
    userId: string,
    request: {
      readonly conversationId: string;
      readonly beforeSeq: number;
      readonly beforeAtMs: number;
      readonly limit: number;
    },
  ): Promise<HistoryPage>;
}

/** Counts a user's messages: 0, or when the next one may come. */
export interface SendLimiter {
  take(userId: string): number;
}

export interface PushQueue {
  enqueue(jobs: readonly PushJob[]): Promise<void>;
}

export interface GatewayDependencies {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly sessions: SessionStore;
  readonly presence: PresenceStore;
  readonly members: MemberStore;
  readonly messages: MessageLookup;
  readonly inbox: InboxStore;
  readonly receipts: ReceiptStore;
  readonly history: HistorySource;
  readonly users: Pick<UserDirectory, 'userExists'>;
  readonly tokens: AccessTokenVerifier;
  readonly limiter: SendLimiter;
  readonly pushJobs: PushQueue;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Registry;
}
