/**
 * Sessions in Redis: one hash per user, one field per device, `gateway|connection id|expiry` as its value.
 *
 * The field with the empty name holds the greatest connection id that any device of the user was given, so that ids grow even
 * after an entry was removed; once Redis has lost it, its clock in milliseconds is ahead of every id given before. Every
 * operation is one script on one key, and a list of them one pipelined round trip. An expired field counts as missing, and the
 * next registration of the user takes it away; the whole key lives as long as the entry that was renewed last.
 */
import { invariant } from '@parley/schemas/errors/invariant';
import type { SessionEntry } from '@parley/streams/delivery/delivery';
import type { Redis, Result } from 'ioredis';
import { luaNow, replies, reply, type TimeSource, timeArgument, timeReplyMs } from '../redis/connection.ts';
import { revocationChannel } from './revocations.redis.ts';
import { type Renewal, type SessionKey, type SessionStore, sessionTtlMs } from './store.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    parleySessionRegister(
      key: string,
      now: number,
      ttl: number,
      device: string,
      gateway: string,
    ): Result<number, Context>;
    parleySessionRenew(
      key: string,
      now: number,
      ttl: number,
      device: string,
      gateway: string,
      connection: number,
    ): Result<number, Context>;
    parleySessionRemove(key: string, device: string, connection: number): Result<number, Context>;
  }
}

const luaParse = `
local function parse(value)
  local gateway, id, expiry = string.match(value, '^(.*)|(%d+)|(%d+)$')
  return gateway, tonumber(id), tonumber(expiry)
end
local function entry(gateway, id, expiry)
  return gateway .. '|' .. string.format('%.0f', id) .. '|' .. string.format('%.0f', expiry)
end`;

const registerScript = `${luaNow}${luaParse}
local ttl, device, gateway = tonumber(ARGV[2]), ARGV[3], ARGV[4]
local all = redis.call('HGETALL', KEYS[1])
local last = 0
for i = 1, #all, 2 do
  if all[i] == '' then
    last = tonumber(all[i + 1])
  else
    local _, _, expiry = parse(all[i + 1])
    if expiry <= now then redis.call('HDEL', KEYS[1], all[i]) end
  end
end
local id = math.max(last + 1, now)
redis.call('HSET', KEYS[1], '', string.format('%.0f', id), device, entry(gateway, id, now + ttl))
redis.call('PEXPIRE', KEYS[1], ttl)
return id`;

/** Returns an index into `renewals`. */
const renewScript = `${luaNow}${luaParse}
local ttl, device, gateway, id = tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5])
local value = redis.call('HGET', KEYS[1], device)
local result = 1
if value then
  local _, heldId, expiry = parse(value)
  if expiry > now then
    if heldId > id then return 2 end
    if heldId == id then result = 0 end
  end
end
local last = tonumber(redis.call('HGET', KEYS[1], '') or '0')
redis.call('HSET', KEYS[1], '', string.format('%.0f', math.max(last, id)), device, entry(gateway, id, now + ttl))
redis.call('PEXPIRE', KEYS[1], ttl)
return result`;

const removeScript = `${luaParse}
local value = redis.call('HGET', KEYS[1], ARGV[1])
if value then
  local _, heldId = parse(value)
  if heldId == tonumber(ARGV[2]) then return redis.call('HDEL', KEYS[1], ARGV[1]) end
end
return 0`;

const renewals: readonly Renewal[] = ['renewed', 'rewritten', 'superseded'];

export interface RedisSessionStoreOptions {
  /** From `connectRedis`; the store closes it. */
  readonly redis: Redis;
  /** Before every key; two systems may share a Redis. */
  readonly keyPrefix?: string;
  readonly ttlMs?: number;
  readonly time?: TimeSource;
}

export class RedisSessionStore implements SessionStore {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #ttlMs: number;
  readonly #time: TimeSource;

  constructor(options: RedisSessionStoreOptions) {
    this.#redis = options.redis;
    this.#prefix = options.keyPrefix ?? 'parley:';
    this.#ttlMs = options.ttlMs ?? sessionTtlMs;
    this.#time = options.time ?? 'server';
    this.#redis.defineCommand('parleySessionRegister', { lua: registerScript, numberOfKeys: 1 });
    this.#redis.defineCommand('parleySessionRenew', { lua: renewScript, numberOfKeys: 1 });
    this.#redis.defineCommand('parleySessionRemove', { lua: removeScript, numberOfKeys: 1 });
  }

  async register(key: SessionKey, gatewayId: string): Promise<number> {
    const now = timeArgument(this.#time);
    const hash = this.#hashOf(key.userId);
    return reply(this.#redis.parleySessionRegister(hash, now, this.#ttlMs, key.deviceId, gatewayId));
  }

  async renew(entries: readonly SessionEntry[]): Promise<readonly Renewal[]> {
    if (entries.length === 0) return [];
    const now = timeArgument(this.#time);
    const pipeline = this.#redis.pipeline();
    for (const { userId, deviceId, gatewayId, connectionId } of entries) {
      pipeline.parleySessionRenew(this.#hashOf(userId), now, this.#ttlMs, deviceId, gatewayId, connectionId);
    }
    return (await replies(pipeline)).map((index) => {
      const renewal = renewals[index as number];
      invariant(renewal !== undefined, 'the renewal script returns an index of the list');
      return renewal;
    });
  }

  async remove(entries: readonly SessionEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const pipeline = this.#redis.pipeline();
    for (const { userId, deviceId, connectionId } of entries) {
      pipeline.parleySessionRemove(this.#hashOf(userId), deviceId, connectionId);
    }
    await replies(pipeline);
  }

  async lookup(userIds: readonly string[]): Promise<ReadonlyArray<readonly SessionEntry[]>> {
    if (userIds.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    if (this.#time === 'server') pipeline.time();
    for (const userId of userIds) pipeline.hgetall(this.#hashOf(userId));
    const values = await replies(pipeline);
    const nowMs = this.#time === 'server' ? timeReplyMs(values.shift()) : this.#time.nowMs();
    return values.map((value, index) => liveEntries(userIds[index]!, value as Record<string, string>, nowMs));
  }

  async revokeDevice({ userId, deviceId }: SessionKey, ttlMs: number): Promise<void> {
    const pipeline = this.#redis.pipeline();
    pipeline.set(`${this.#prefix}revoked:${deviceId}`, '1', 'PX', ttlMs);
    pipeline.hdel(this.#hashOf(userId), deviceId);
    pipeline.publish(revocationChannel(this.#prefix), deviceId);
    await replies(pipeline);
  }

  async isRevoked(deviceId: string): Promise<boolean> {
    return (await reply(this.#redis.exists(`${this.#prefix}revoked:${deviceId}`))) === 1;
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }

  #hashOf(userId: string): string {
    return `${this.#prefix}session:${userId}`;
  }
}

function liveEntries(userId: string, fields: Record<string, string>, nowMs: number): SessionEntry[] {
  const entries: SessionEntry[] = [];
  for (const deviceId in fields) {
    if (deviceId === '') continue;
    const value = fields[deviceId]!;
    const beforeExpiry = value.lastIndexOf('|');
    if (Number(value.slice(beforeExpiry + 1)) <= nowMs) continue;
    const beforeId = value.lastIndexOf('|', beforeExpiry - 1);
    const connectionId = Number(value.slice(beforeId + 1, beforeExpiry));
    entries.push({ userId, deviceId, gatewayId: value.slice(0, beforeId), connectionId });
  }
  return entries;
}
