/**
 * The one way to Redis: bounded waiting, bounded retries, and every failure as a ParleyError `unavailable`.
 *
 * While Redis is away a command waits for at most `commandTimeoutMs`, or until `retriesPerCommand` reconnects have failed,
 * whichever is first; the connection itself is tried again for ever, with backoff. All scripts here may run twice (a reply that
 * got lost is asked for again), so they are written to be repeatable.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { type ChainableCommander, Redis } from 'ioredis';

export interface RedisSettings {
  readonly url: string;
  /** Shown by CLIENT LIST. */
  readonly clientName: string;
  readonly commandTimeoutMs?: number;
  readonly retriesPerCommand?: number;
  /** Losses of the connection; commands in flight learn of them by themselves. */
  readonly onError: (error: Error) => void;
}

const defaultCommandTimeoutMs = 1_500;
const defaultRetriesPerCommand = 2;
/** A socket that owes a reply for this many command timeouts is given up: the other end may be gone without a word. */
const deadSocketTimeouts = 2;
const maxReconnectDelayMs = 1_000;
const retryAfterMs = 1_000;

/** Connects in the background: commands wait for the connection, within their timeout. */
export function connectRedis(settings: RedisSettings): Redis {
  const commandTimeoutMs = settings.commandTimeoutMs ?? defaultCommandTimeoutMs;
  const redis = new Redis(settings.url, {
    connectionName: settings.clientName,
    connectTimeout: 2_000,
    commandTimeout: commandTimeoutMs,
    socketTimeout: deadSocketTimeouts * commandTimeoutMs,
    maxRetriesPerRequest: settings.retriesPerCommand ?? defaultRetriesPerCommand,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), maxReconnectDelayMs),
  });
  redis.on('error', settings.onError);
  return redis;
}

function unavailable(cause: unknown): ParleyError {
  return new ParleyError('unavailable', { detail: 'redis', retryAfterMs, cause });
}

/** Awaits one command. */
export async function reply<T>(command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (error) {
    throw unavailable(error);
  }
}

/** Sends a pipeline in one round trip and resolves to the replies in order; fails as a whole if one of them failed. */
export async function replies(pipeline: ChainableCommander): Promise<unknown[]> {
  const results = await reply(pipeline.exec());
  if (results === null) throw unavailable(new Error('the pipeline was discarded'));
  return results.map(([error, value]) => {
    if (error !== null) throw unavailable(error);
    return value;
  });
}

/**
 * Whose time a store goes by. The server's own is the one clock that all processes share: a gateway whose clock is wrong can't
 * write entries that outlive it. Tests and the simulator give a clock of their own.
 */
export type TimeSource = Clock | 'server';

/** The first argument of scripts that open with `luaNow`. */
export function timeArgument(time: TimeSource): number {
  return time === 'server' ? -1 : time.nowMs();
}

/** Sets `now` in milliseconds from ARGV[1]. */
export const luaNow = `
local now = tonumber(ARGV[1])
if now < 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end`;

/** The server's own time. @throws ParleyError `unavailable` */
export async function serverTimeMs(redis: Redis): Promise<number> {
  return timeReplyMs(await reply(redis.time()));
}

/** The reply of TIME in milliseconds. */
export function timeReplyMs(value: unknown): number {
  const [seconds, micros] = value as [string | number, string | number];
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}
