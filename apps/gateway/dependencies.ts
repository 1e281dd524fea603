/** Everything outside a gateway that it talks to, as ports. */

import type { CachedDataKeys } from '@parley/projections/data-keys/data-keys.cached';
import type { AccessTokenVerifier, UserDirectory } from '@parley/projections/directory/directory';
import type { HistoryReader } from '@parley/projections/history/reader';
import type { InboxStore } from '@parley/projections/inbox/store';
import type { MessageRateLimiter } from '@parley/projections/limits/limits';
import type { MemberStore } from '@parley/projections/members/store';
import type { PresenceStore } from '@parley/projections/presence/store';
import type { ReceiptStore } from '@parley/projections/receipts/store';
import type { RevocationFeed } from '@parley/projections/sessions/revocations';
import type { SessionStore } from '@parley/projections/sessions/store';
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import type { Random } from '@parley/schemas/environment/random';
import type { GatewayLink } from '@parley/streams/delivery/delivery';
import type { Log } from '@parley/streams/log/log';
import type { MessageLookup } from '@parley/streams/processors/ports';
import type { PushJobQueue } from '@parley/streams/push/push-jobs';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { PrivacySource } from './lookups/presence-visibility.ts';

/** Pages of history, authorised by the membership intervals read after the rows. */
export type HistorySource = Pick<HistoryReader, 'fetch' | 'before' | 'around' | 'membersThen' | 'withheld'>;

/** Counts a user's messages: 0, or when the next one may come. */
export type SendLimiter = Pick<MessageRateLimiter, 'take'>;

/** The keys that what disappears is sealed under. */
export type DataKeyCache = Pick<CachedDataKeys, 'known' | 'obtain'>;

export type PushQueue = Pick<PushJobQueue, 'enqueue'>;

export interface GatewayDependencies {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly sessions: SessionStore;
  readonly revocations: RevocationFeed;
  readonly presence: PresenceStore;
  readonly members: MemberStore;
  readonly messages: MessageLookup;
  readonly inbox: InboxStore;
  readonly receipts: ReceiptStore;
  readonly history: HistorySource;
  readonly users: Pick<UserDirectory, 'userExists'>;
  /** Who may see whose presence. */
  readonly privacy: PrivacySource;
  readonly tokens: AccessTokenVerifier;
  readonly limiter: SendLimiter;
  readonly dataKeys: DataKeyCache;
  readonly pushJobs: PushQueue;
  /** The way to the other gateways. */
  readonly link: GatewayLink;
  /** Whether the clock agrees with those of others; absent where there are no others. */
  readonly clockCheck?: { readonly isRight: boolean };
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Registry;
}
