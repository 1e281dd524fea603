/** What the API needs from its main. */
import type { Accounts } from '@parley/projections/directory/accounts';
import type { ConversationTimers } from '@parley/projections/directory/conversation-timers';
import type { AccessTokenVerifier } from '@parley/projections/directory/directory';
import type { Groups } from '@parley/projections/directory/groups/groups';
import type { OutboxRelay } from '@parley/projections/directory/outbox/relay';
import type { Projections } from '@parley/projections/projections';
import type { SessionStore } from '@parley/projections/sessions/store';
import type { Clock } from '@parley/schemas/environment/clock';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { CodeSender } from './code-sender.ts';
import type { IdentityNotices } from './identity-notices.ts';
import type { ApiLimits } from './limits.ts';
import type { Notices } from './notices.ts';

export interface ApiDependencies {
  readonly accounts: Accounts;
  readonly groups: Groups;
  readonly conversationTimers: ConversationTimers;
  /** Tells the log what was committed. */
  readonly relay: Pick<OutboxRelay, 'admit' | 'settle'>;
  readonly verifier: AccessTokenVerifier;
  readonly sessions: Pick<SessionStore, 'isRevoked'>;
  readonly limits: ApiLimits;
  readonly sender: CodeSender;
  /** Frames to the devices of users who are online. */
  readonly notices: Notices;
  /** Told of every change of somebody's devices or identity, also by `accounts`. */
  readonly identityNotices: IdentityNotices;
  /** What exports are read from; rejects with `unavailable` while it can't be opened. */
  readonly projections: () => Promise<Pick<Projections, 'inbox' | 'history'>>;
  readonly isReady: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export interface ApiSettings {
  readonly production: boolean;
  /** One-time codes come back in the answer as `dev_code`. Never in production. */
  readonly echoCodes: boolean;
  /** Whose X-Forwarded-For is believed: nobody's, everybody's, or that of these addresses and networks. */
  readonly trustProxy: boolean | string[];
  /** Pages of these origins may call the API from a browser. */
  readonly corsOrigins: readonly string[];
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
}

export const defaultApiSettings: ApiSettings = {
  production: true,
  echoCodes: false,
  trustProxy: false,
  corsOrigins: [],
  maxBodyBytes: 64 * 1_024,
  maxConnections: 10_000,
};
