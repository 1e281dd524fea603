/** How often the API may be asked, and by whom that is counted: a phone number, a network, a user. */

import type { AttemptLimiter, Limit } from '@parley/projections/limits/limits';
import { MemoryAttemptLimiter } from '@parley/projections/limits/limits.memory';
import { RedisAttemptLimiter } from '@parley/projections/limits/limits.redis';
import { type LimitsOf, limitTable } from '@parley/projections/limits/table';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Redis } from 'ioredis';

export type LimitName = LimitsOf<'api'>;

/** In projections/limits/table.ts, with all others. */
const names = (Object.keys(limitTable) as (keyof typeof limitTable)[]).filter(
  (name): name is LimitName => limitTable[name].where === 'api',
);

function eachLimit<T>(make: (name: LimitName) => T): Record<LimitName, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<LimitName, T>;
}

export const defaultLimits: Readonly<Record<LimitName, Limit>> = eachLimit((name) => {
  const { limit, windowMs } = limitTable[name];
  return { limit, windowMs };
});

export type ApiLimits = Readonly<Record<LimitName, AttemptLimiter>>;

export function memoryLimits(clock: Clock, limits = defaultLimits): ApiLimits {
  return eachLimit((name) => new MemoryAttemptLimiter({ clock, limit: limits[name] }));
}

export function redisLimits(redis: Redis, limits = defaultLimits, keyPrefix = 'parley:'): ApiLimits {
  return eachLimit((name) => new RedisAttemptLimiter({ redis, name, limit: limits[name], keyPrefix }));
}

/** @throws ParleyError `rate_limited` */
export async function takeOrRefuse(limiter: AttemptLimiter, key: string, amount = 1): Promise<void> {
  const retryAfterMs = await limiter.take(key, amount);
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
