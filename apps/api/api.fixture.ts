/** An API on an embedded directory, with a clock that the test moves and a log that it reads. */
import { randomInt } from 'node:crypto';
import { AccessTokenIssuer, PublicKeyVerifier } from '@parley/projections/directory/access-tokens';
import { Accounts } from '@parley/projections/directory/accounts';
import { ContactHolders } from '@parley/projections/directory/contact-holders';
import { ConversationTimers } from '@parley/projections/directory/conversation-timers';
import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { Groups } from '@parley/projections/directory/groups/groups';
import { Identities } from '@parley/projections/directory/identities';
import { generateTokenKeys } from '@parley/projections/directory/token-keys';
import type { InboxEntry } from '@parley/projections/inbox/store';
import type { Projections } from '@parley/projections/projections';
import { MemorySessionStore } from '@parley/projections/sessions/store.memory';
import { createLogger } from '@parley/runtime/logger';
import { systemRandom } from '@parley/schemas/environment/system';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { timersSeconds } from '@parley/streams/conversation/timers';
import type { Routable } from '@parley/streams/delivery/delivery';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { Registry } from 'prom-client';
import { createApi } from './api.ts';
import type { CodeSender } from './code-sender.ts';
import { type ApiDependencies, type ApiSettings, defaultApiSettings } from './dependencies.ts';
import { IdentityNotices } from './identity-notices.ts';
import { defaultLimits, memoryLimits } from './limits.ts';
import { Notices } from './notices.ts';

export interface TokenAnswer {
  readonly user_id: string;
  readonly device_id: string;
  readonly access_token: string;
  readonly refresh_token: string;
}

export interface ApiFixture {
  readonly app: FastifyInstance;
  readonly dependencies: ApiDependencies;
  readonly log: string[];
  /** What was sent to devices. */
  readonly noticed: Routable[];
  /** Changes that the relay was asked for, and whether it says that the log has them. */
  readonly relayed: { readonly asked: [string, number][]; settles: boolean };
  nowMs(): number;
  advance(ms: number): void;
  post(url: string, payload: object, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  as(
    tokens: TokenAnswer,
    method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE',
    url: string,
    payload?: object,
  ): Promise<LightMyRequestResponse>;
  register(phoneNumber?: string, device?: object): Promise<TokenAnswer>;
  close(): Promise<void>;
}

export const keyBundle = Buffer.from([0, 1, 254, 255]).toString('base64');
export const phoneDevice = { name: 'Phone', platform: 'android', key_bundle: keyBundle, push_token: 'push-token-1' };
export const newNumber = (): string => `+4179${randomInt(1_000_000, 9_999_999)}`;

export interface FixtureChanges {
  readonly settings?: Partial<ApiSettings>;
  readonly sender?: CodeSender;
  readonly isReady?: () => boolean;
  /** A user's conversation list. */
  readonly inbox?: (userId: string) => readonly InboxEntry[];
  /** What exports are read from; without it they are unavailable. */
  readonly projections?: Pick<Projections, 'inbox' | 'history'>;
  /** Limits as in production; otherwise they are out of the way. */
  readonly limited?: boolean;
}

const farAway = Object.fromEntries(
  Object.entries(defaultLimits).map(([name, limit]) => [name, { ...limit, limit: 1_000_000 }]),
) as typeof defaultLimits;

export function makeApi(database: DirectoryDatabase, changes: FixtureChanges = {}): ApiFixture {
  let nowMs = 1_700_000_000_000;
  const clock = { nowMs: () => nowMs };
  const log: string[] = [];
  const logger = createLogger('api', 'trace', { write: (line) => void log.push(line) });
  const { privateKeyPem, publicKeyPem } = generateTokenKeys();
  const tokenSettings = { clock, issuer: 'parley', audience: 'parley' };
  const sessions = new MemorySessionStore({ clock });
  const noticed: Routable[] = [];
  const router = {
    route: (items: readonly Routable[]) => {
      noticed.push(...items);
      return Promise.resolve({ reached: items.map(() => new Set<string>()) });
    },
  };
  const metrics = new Registry();
  const issuer = new AccessTokenIssuer({ ...tokenSettings, privateKeyPem });
  const notices = new Notices({ router, logger, metrics });
  const identityNotices = new IdentityNotices({
    identities: new Identities({ database }),
    contacts: new ContactHolders({ database }),
    inbox: { list: async (userId) => changes.inbox?.(userId) ?? [] },
    ...{ notices, logger, metrics },
  });
  const relayed: ApiFixture['relayed'] = { asked: [], settles: true };
  const dependencies: ApiDependencies = {
    conversationTimers: new ConversationTimers({ database, clock, timersSeconds }),
    groups: new Groups({ database, clock, random: systemRandom, secret: issuer.secretFor('invite links') }),
    relay: {
      admit: () => undefined,
      settle: async (groupId, version) => {
        relayed.asked.push([groupId, version]);
        return relayed.settles;
      },
    },
    accounts: new Accounts({
      ...{ database, sessions, issuer, clock, random: systemRandom },
      devicesChanged: (userId) => identityNotices.changed(userId),
    }),
    verifier: new PublicKeyVerifier({ ...tokenSettings, publicKeyPems: [publicKeyPem] }),
    sessions,
    limits: memoryLimits(clock, changes.limited === true ? defaultLimits : farAway),
    sender: changes.sender ?? { send: async () => undefined },
    notices,
    identityNotices,
    projections: async () => {
      if (changes.projections === undefined) throw new ParleyError('unavailable', { detail: 'projections' });
      return changes.projections;
    },
    clock,
    isReady: changes.isReady ?? (() => true),
    logger,
    metrics,
  };
  const settings = { ...defaultApiSettings, production: false, echoCodes: true, ...changes.settings };
  const app = createApi(dependencies, settings);
  const post: ApiFixture['post'] = (url, payload, headers = {}) =>
    app.inject({ method: 'POST', url, payload, headers });
  return {
    app,
    dependencies,
    log,
    noticed,
    relayed,
    nowMs: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
    post,
    as: (tokens, method, url, payload) =>
      app.inject({
        method,
        url,
        headers: { authorization: `Bearer ${tokens.access_token}` },
        ...(payload === undefined ? {} : { payload }),
      }),
    register: async (phoneNumber = newNumber(), device = phoneDevice) => {
      const started = await post('/v1/registrations', { phone_number: phoneNumber });
      const code = started.json().dev_code;
      const body = { phone_number: phoneNumber, code, display_name: 'Ann', device };
      return (await post('/v1/registrations/verify', body)).json();
    },
    close: () => app.close(),
  };
}
