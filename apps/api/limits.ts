/** How often the API may be asked, and by whom that is counted: a phone number, a network, a user. */

import type { AttemptLimiter, Limit } from '@parley/projections/limits/limits';
import { MemoryAttemptLimiter } from '@parley/projections/limits/limits.memory';
import { RedisAttemptLimiter } from '@parley/projections/limits/limits.redis';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Redis } from 'ioredis';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export type LimitName =
  | 'codesPerNumber'
  | 'codesPerNetwork'
  | 'verificationsPerNetwork'
  | 'refreshesPerNetwork'
  | 'callsPerUser';

export const defaultLimits: Readonly<Record<LimitName, Limit>> = {
  codesPerNumber: { limit: 5, windowMs: hourMs },
  codesPerNetwork: { limit: 30, windowMs: hourMs },
  verificationsPerNetwork: { limit: 60, windowMs: 10 * minuteMs },
  refreshesPerNetwork: { limit: 300, windowMs: 10 * minuteMs },
  callsPerUser: { limit: 300, windowMs: minuteMs },
};

export type ApiLimits = Readonly<Record<LimitName, AttemptLimiter>>;

function eachLimit(
  limits: Readonly<Record<LimitName, Limit>>,
  make: (name: LimitName, limit: Limit) => AttemptLimiter,
): ApiLimits {
  return {
    codesPerNumber: make('codesPerNumber', limits.codesPerNumber),
    codesPerNetwork: make('codesPerNetwork', limits.codesPerNetwork),
    verificationsPerNetwork: make('verificationsPerNetwork', limits.verificationsPerNetwork),
    refreshesPerNetwork: make('refreshesPerNetwork', limits.refreshesPerNetwork),
    callsPerUser: make('callsPerUser', limits.callsPerUser),
  };
}

export function memoryLimits(clock: Clock, limits = defaultLimits): ApiLimits {
  return eachLimit(limits, (_, limit) => new MemoryAttemptLimiter({ clock, limit }));
}

export function redisLimits(redis: Redis, limits = defaultLimits, keyPrefix = 'parley:'): ApiLimits {
  return eachLimit(limits, (name, limit) => new RedisAttemptLimiter({ redis, name, limit, keyPrefix }));
}

/** @throws ParleyError `rate_limited` */
export async function takeOrRefuse(limiter: AttemptLimiter, key: string): Promise<void> {
  const retryAfterMs = await limiter.take(key);
  if (retryAfterMs > 0) throw new ParleyError('rate_limited', { retryAfterMs });
}

/**
 * What a client on the internet can't change at will: the address in IPv4, the /64 network in IPv6. An IPv4 address that is
 * written as an IPv6 one is the same client.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1]!;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%')[0]!.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  while (tail !== undefined && groups.length + last.length < 8) groups.push('0');
  const network = [...groups, ...last].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
