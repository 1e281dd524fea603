/**
 * Presence in Redis: leases in a sorted set per partition scored by their end, watchers in a sorted set per user scored
 * likewise, and per user a hash with the state of each device's connection.
 *
 * The hash's fields are device → `connection id|online|time of the last change`, and '' → last seen. A change applies if it
 * names a newer connection than the one held; of the same connection, an end always applies and a beginning only if it is later
 * than the end, so that a redelivered event changes nothing. A user all of whose devices are offline is forgotten after
 * `lastSeenRetentionMs`.
 */
import { invariant } from '@parley/schemas/errors/invariant';
import type { Redis, Result } from 'ioredis';
import { luaNow, replies, reply } from '../redis/connection.ts';
import { type Lease, leaseMs, maxPresenceDevices, type PresenceStore, type UserPresence, watchMs } from './store.ts';

/** Longer than the topic remembers; "last seen a month ago" is as good as unknown. */
export const lastSeenRetentionMs = 30 * 86_400_000;

/** A partition's leases are dropped once nobody has renewed one for this long: no gateway and no sweeper is left. */
const abandonedLeasesMs = 86_400_000;
/** Lua's limit on arguments of one call is about 8,000. */
const maxLeasesPerCall = 1_000;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    parleyPresenceRenew(
      key: string,
      now: number,
      ttl: number,
      keep: number,
      ...members: string[]
    ): Result<number, Context>;
    parleyPresenceExpired(key: string, now: number, limit: number): Result<string[], Context>;
    parleyPresenceChange(
      key: string,
      device: string,
      connection: number,
      atMs: number,
      online: 0 | 1,
      keep: number,
      maxDevices: number,
    ): Result<[number, string], Context>;
    parleyPresenceWatch(key: string, now: number, ttl: number, gateway: string): Result<number, Context>;
    parleyPresenceWatchers(key: string, now: number): Result<string[], Context>;
  }
}

const renewScript = `${luaNow}
local scored = {}
local expiry = string.format('%.0f', now + tonumber(ARGV[2]))
for i = 4, #ARGV do
  scored[#scored + 1] = expiry
  scored[#scored + 1] = ARGV[i]
end
redis.call('ZADD', KEYS[1], unpack(scored))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 0`;

const expiredScript = `${luaNow}
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'WITHSCORES', 'LIMIT', 0, ARGV[2])`;

/** Returns whether the user is online, and last seen as text ('0': unknown). */
const changeScript = `
local device, id, at, opens = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
local lastSeen, count, devices = 0, 0, {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if all[i] == '' then
    lastSeen = tonumber(all[i + 1])
  else
    local heldId, online, changed = string.match(all[i + 1], '^(%d+)|([01])|(%d+)$')
    devices[all[i]] = { id = tonumber(heldId), online = online == '1', at = tonumber(changed) }
    count = count + 1
  end
end
local held = devices[device]
local applies
if not held or id > held.id then applies = true
elseif id < held.id then applies = false
elseif opens then applies = not held.online and at > held.at
else applies = held.online end
if applies then
  if not held then count = count + 1 end
  devices[device] = { id = id, online = opens, at = at }
  redis.call('HSET', KEYS[1], device, string.format('%.0f|%s|%.0f', id, ARGV[4], at))
  if not opens and at > lastSeen then
    lastSeen = at
    redis.call('HSET', KEYS[1], '', string.format('%.0f', at))
  end
end
while count > tonumber(ARGV[6]) do
  local oldest
  for name, one in pairs(devices) do
    if not one.online and name ~= device and (not oldest or one.at < devices[oldest].at) then oldest = name end
  end
  if not oldest then break end
  devices[oldest] = nil
  redis.call('HDEL', KEYS[1], oldest)
  count = count - 1
end
local online = 0
for _, one in pairs(devices) do
  if one.online then online = 1 end
end
if online == 1 then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[5]) end
return { online, string.format('%.0f', lastSeen) }`;

const watchScript = `${luaNow}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 0`;

const watchersScript = `${luaNow}
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')`;

export interface RedisPresenceStoreOptions {
  /** From `connectRedis`; the store closes it. */
  readonly redis: Redis;
  readonly keyPrefix?: string;
  /**
   * Whose time leases and watchers end by. The server's is the one clock that all processes share, so that a gateway with a
   * wrong clock can't keep its dead connections online; the caller's (the port's `nowMs`) is for tests and the simulator.
   */
  readonly time?: 'server' | 'caller';
}

export class RedisPresenceStore implements PresenceStore {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #byCaller: boolean;

  constructor(options: RedisPresenceStoreOptions) {
    this.#redis = options.redis;
    this.#prefix = `${options.keyPrefix ?? 'parley:'}presence:`;
    this.#byCaller = options.time === 'caller';
    const scripts = {
      parleyPresenceRenew: renewScript,
      parleyPresenceExpired: expiredScript,
      parleyPresenceChange: changeScript,
      parleyPresenceWatch: watchScript,
      parleyPresenceWatchers: watchersScript,
    };
    for (const [name, lua] of Object.entries(scripts)) this.#redis.defineCommand(name, { lua, numberOfKeys: 1 });
  }

  async renew(leases: ReadonlyArray<Lease & { readonly partition: number }>, nowMs: number): Promise<void> {
    if (leases.length === 0) return;
    const byPartition = new Map<number, string[]>();
    for (const lease of leases) {
      const members = byPartition.get(lease.partition);
      if (members === undefined) byPartition.set(lease.partition, [memberOf(lease)]);
      else members.push(memberOf(lease));
    }
    const pipeline = this.#redis.pipeline();
    for (const [partition, members] of byPartition) {
      for (let i = 0; i < members.length; i += maxLeasesPerCall) {
        const some = members.slice(i, i + maxLeasesPerCall);
        pipeline.parleyPresenceRenew(this.#leasesOf(partition), this.#now(nowMs), leaseMs, abandonedLeasesMs, ...some);
      }
    }
    await replies(pipeline);
  }

  async release(partition: number, lease: Lease): Promise<void> {
    await reply(this.#redis.zrem(this.#leasesOf(partition), memberOf(lease)));
  }

  async expired(
    partition: number,
    nowMs: number,
    limit: number,
  ): Promise<ReadonlyArray<Lease & { readonly expiredAtMs: number }>> {
    const key = this.#leasesOf(partition);
    const flat = await reply(this.#redis.parleyPresenceExpired(key, this.#now(nowMs), limit));
    const ended: Array<Lease & { readonly expiredAtMs: number }> = [];
    for (let i = 0; i < flat.length; i += 2) ended.push({ ...leaseOf(flat[i]!), expiredAtMs: Number(flat[i + 1]) });
    return ended;
  }

  async missing(partition: number, leases: readonly Lease[]): Promise<readonly Lease[]> {
    if (leases.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    for (let i = 0; i < leases.length; i += maxLeasesPerCall) {
      const some = leases.slice(i, i + maxLeasesPerCall);
      pipeline.zmscore(this.#leasesOf(partition), ...some.map(memberOf));
    }
    const scores = (await replies(pipeline)).flat();
    return leases.filter((_, index) => scores[index] === null);
  }

  connect(lease: Lease, atMs: number): Promise<UserPresence> {
    return this.#change(lease, atMs, 1);
  }

  disconnect(lease: Lease, atMs: number): Promise<UserPresence> {
    return this.#change(lease, atMs, 0);
  }

  async read(userIds: readonly string[]): Promise<readonly UserPresence[]> {
    if (userIds.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    for (const userId of userIds) pipeline.hgetall(this.#userOf(userId));
    return (await replies(pipeline)).map((fields, index) =>
      presenceOf(userIds[index]!, fields as Record<string, string>),
    );
  }

  async watch(gatewayId: string, userIds: readonly string[], nowMs: number): Promise<void> {
    if (userIds.length === 0) return;
    const pipeline = this.#redis.pipeline();
    for (const userId of userIds) {
      pipeline.parleyPresenceWatch(this.#watchersOf(userId), this.#now(nowMs), watchMs, gatewayId);
    }
    await replies(pipeline);
  }

  async unwatch(gatewayId: string, userIds: readonly string[]): Promise<void> {
    if (userIds.length === 0) return;
    const pipeline = this.#redis.pipeline();
    for (const userId of userIds) pipeline.zrem(this.#watchersOf(userId), gatewayId);
    await replies(pipeline);
  }

  async watchers(userId: string, nowMs: number): Promise<readonly string[]> {
    return reply(this.#redis.parleyPresenceWatchers(this.#watchersOf(userId), this.#now(nowMs)));
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }

  async #change(lease: Lease, atMs: number, online: 0 | 1): Promise<UserPresence> {
    const [status, lastSeen] = await reply(
      this.#redis.parleyPresenceChange(
        this.#userOf(lease.userId),
        lease.deviceId,
        lease.connectionId,
        atMs,
        online,
        lastSeenRetentionMs,
        maxPresenceDevices,
      ),
    );
    return userPresence(lease.userId, status === 1, Number(lastSeen));
  }

  #now(callerMs: number): number {
    return this.#byCaller ? callerMs : -1;
  }

  #leasesOf(partition: number): string {
    return `${this.#prefix}leases:${partition}`;
  }

  #userOf(userId: string): string {
    return `${this.#prefix}user:${userId}`;
  }

  #watchersOf(userId: string): string {
    return `${this.#prefix}watchers:${userId}`;
  }
}

function userPresence(userId: string, online: boolean, lastSeenMs: number): UserPresence {
  if (online) return { userId, status: 'online', lastSeenMs: null };
  return { userId, status: 'offline', lastSeenMs: lastSeenMs === 0 ? null : lastSeenMs };
}

function presenceOf(userId: string, fields: Record<string, string>): UserPresence {
  let online = false;
  for (const device in fields) online ||= device !== '' && fields[device]!.split('|', 2)[1] === '1';
  return userPresence(userId, online, Number(fields[''] ?? '0'));
}

/** User and device ids are UUIDs and hold no bar; a gateway's id may hold anything, so it comes last. */
function memberOf(lease: Lease): string {
  return `${lease.userId}|${lease.deviceId}|${lease.connectionId}|${lease.gatewayId}`;
}

function leaseOf(member: string): Lease {
  const afterUser = member.indexOf('|');
  const afterDevice = member.indexOf('|', afterUser + 1);
  const afterConnection = member.indexOf('|', afterDevice + 1);
  invariant(afterUser > 0 && afterConnection > 0, 'a lease is written by memberOf');
  return {
    userId: member.slice(0, afterUser),
    deviceId: member.slice(afterUser + 1, afterDevice),
    connectionId: Number(member.slice(afterDevice + 1, afterConnection)),
    gatewayId: member.slice(afterConnection + 1),
  };
}
