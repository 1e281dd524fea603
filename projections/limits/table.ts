/**
 * Every limit on how often somebody may ask for something, in one table: the code takes its numbers from here, docs/LIMITS.md
 * lists the same rows, and a test holds the two together.
 *
 * Where a limit is counted decides what becomes of it when that place is away:
 *
 * - `gateways`: by each gateway at once, and reconciled behind in the store that they share. Without the store each goes on by
 *   itself: a message is not refused because Redis is down.
 * - `api`: in the store, exactly, before anything is done. Without it the answer is `unavailable`: what these limits keep from
 *   happening (guessing codes, sending texts that cost money, reading out the directory) must not happen then either.
 * - `gateway` and `connection`: in the process that holds the connection. There is no store that could be away.
 */
import type { Limit } from './limits.ts';

export type CountedWhere = 'gateways' | 'api' | 'gateway' | 'connection';

export interface LimitEntry<W extends CountedWhere = CountedWhere> extends Limit {
  /** What is counted. */
  readonly what: string;
  /** By whom: one count for each. */
  readonly per: string;
  readonly where: W;
  /** How many may come at once after a pause, where that differs from the limit. */
  readonly burst?: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const gateways = (what: string, limit: number, windowMs: number, per: string): LimitEntry<'gateways'> => ({
  ...{ what, limit, windowMs, per },
  where: 'gateways',
});

const api = (what: string, limit: number, windowMs: number, per: string): LimitEntry<'api'> => ({
  ...{ what, limit, windowMs, per },
  where: 'api',
});

const gateway = (what: string, limit: number, windowMs: number, per: string): LimitEntry<'gateway'> => ({
  ...{ what, limit, windowMs, per },
  where: 'gateway',
});

const connection = (what: string, perMinute: number, burst: number): LimitEntry<'connection'> & { burst: number } => ({
  ...{ what, limit: perMinute, windowMs: minute, per: 'connection', burst },
  where: 'connection',
});

export const limitTable = {
  messages: gateways('messages sent, by all devices', 100, minute, 'user'),
  codesPerNumber: api('one-time codes asked for', 5, hour, 'phone number'),
  codesPerNetwork: api('one-time codes asked for', 30, hour, 'network'),
  verificationsPerNetwork: api('codes tried', 60, 10 * minute, 'network'),
  refreshesPerNetwork: api('tokens refreshed', 300, 10 * minute, 'network'),
  callsPerUser: api('calls of the API', 300, minute, 'user'),
  groupsMadePerUser: api('groups made', 50, hour, 'user'),
  groupChangesPerUser: api('changes of groups', 100, minute, 'user'),
  // Enough to make the largest group.
  keyClaimsPerAsker: api('one-time keys claimed', 1_100, hour, 'user who asks'),
  keyClaimsPerPair: api('one-time keys claimed', 10, hour, 'user who asks and user asked for'),
  // By all askers together; beyond it they are given the key of last resort.
  keyClaimsPerTarget: api('one-time keys claimed', 1_000, hour, 'user asked for'),
  keyNoticesPerDevice: api('notices that keys run low', 1, minute, 'device'),
  // Each may be told to thousands.
  identityChangesPerUser: api('changes of an identity key', 30, hour, 'user'),
  // Counted in numbers and not in calls: one address book of the greatest size a day, and no more of the directory.
  numbersPerUser: api('phone numbers looked up among the users', 10_000, day, 'user'),
  linksPerUser: api('links for another device', 20, hour, 'user'),
  linksPerNetwork: api('codes of links tried', 60, 10 * minute, 'network'),
  reportsPerUser: api('reports', 20, day, 'user'),
  exportsPerUser: api("exports of one's own data", 2, day, 'user'),
  connects: gateway('connections opened', 120, minute, 'user'),
  reads: connection('`inbox`, `fetch`, `history`, `around`, `members`, `withheld` and `receipt_query`', 1_200, 3_000),
  marks: connection('`mark`', 300, 300),
  watches: connection('`watch` and `unwatch`', 300, 300),
  receipts: connection('`delivered` and `read`', 120_000, 20_000),
  typing: connection('`typing`', 60, 20),
  pings: connection('`ping`', 120, 60),
} as const;

export type LimitKey = keyof typeof limitTable;

/** The limits that are counted in one kind of place. */
export type LimitsOf<W extends CountedWhere> = {
  [K in LimitKey]: (typeof limitTable)[K]['where'] extends W ? K : never;
}[LimitKey];

/** How somebody learns of it: the code of the answer, which says when to retry. */
export const beyondIt: Readonly<Record<CountedWhere, string>> = {
  gateways: '`error` `rate_limited`',
  api: 'HTTP 429 `rate_limited`',
  gateway: 'HTTP 429 `rate_limited`',
  connection: '`error` `rate_limited`',
};

export const whenStoreIsDown: Readonly<Record<CountedWhere, string>> = {
  gateways: 'each gateway counts by itself',
  api: 'refused: HTTP 503 `unavailable`',
  gateway: 'has no store',
  connection: 'has no store',
};
