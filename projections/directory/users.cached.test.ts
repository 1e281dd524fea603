import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { DeviceRef } from '@parley/streams/processors/ports';
import { beforeEach, describe, expect, it } from 'vitest';
import type { UserDirectory } from './directory.ts';
import { CachedUserDirectory, directoryCacheTtlMs } from './users.cached.ts';

const phone: DeviceRef = { deviceId: 'phone', platform: 'ios' };
let nowMs: number;
let away: boolean;
let asked: string[];
let names: Map<string, string>;
let devices: Map<string, DeviceRef[]>;
let cached: CachedUserDirectory;

function ask<T>(what: string, value: T): Promise<T> {
  asked.push(what);
  return away ? Promise.reject(new ParleyError('unavailable')) : Promise.resolve(value);
}

const source: UserDirectory = {
  userExists: (userId) => ask(`exists ${userId}`, names.has(userId)),
  displayName: (userId) => ask(`name ${userId}`, names.get(userId) ?? null),
  devicesOf: (userIds) =>
    ask(
      `devices ${userIds.join(' ')}`,
      userIds.map((userId) => devices.get(userId) ?? []),
    ),
  pushTarget: (deviceId) => ask(`target ${deviceId}`, { platform: 'ios', token: 'token' }),
};

beforeEach(() => {
  nowMs = 1_000_000;
  away = false;
  asked = [];
  names = new Map([['ann', 'Ann']]);
  devices = new Map([['ann', [phone]]]);
  cached = new CachedUserDirectory({ source, clock: { nowMs: () => nowMs }, maxUsers: 2 });
});

describe('CachedUserDirectory', () => {
  it('asks once a minute', async () => {
    for (let i = 0; i < 3; i++) {
      expect(await cached.displayName('ann')).toBe('Ann');
      expect(await cached.userExists('ann')).toBe(true);
      expect(await cached.devicesOf(['ann'])).toEqual([[phone]]);
    }
    expect(asked).toEqual(['name ann', 'devices ann']);
    nowMs += directoryCacheTtlMs;
    names.set('ann', 'Annabel');
    devices.set('ann', []);
    expect(await cached.displayName('ann')).toBe('Annabel');
    expect(await cached.devicesOf(['ann'])).toEqual([[]]);
  });

  it('asks for those that it lacks, and answers in the order asked', async () => {
    await cached.devicesOf(['ann']);
    devices.set('bob', [{ deviceId: 'web', platform: 'web' }]);
    expect(await cached.devicesOf(['bob', 'ann', 'eve'])).toEqual([devices.get('bob'), [phone], []]);
    expect(asked).toEqual(['devices ann', 'devices bob eve']);
  });

  it('rule 4: never keeps that somebody is not there', async () => {
    for (let i = 0; i < 2; i++) {
      expect(await cached.userExists('bob')).toBe(false);
      expect(await cached.devicesOf(['bob'])).toEqual([[]]);
    }
    names.set('bob', 'Bob');
    devices.set('bob', [phone]);
    expect(await cached.userExists('bob')).toBe(true);
    expect(await cached.devicesOf(['bob'])).toEqual([[phone]]);
  });

  it('serves what it has while SQL is away, and says so where it has nothing', async () => {
    await cached.displayName('ann');
    await cached.devicesOf(['ann']);
    away = true;
    nowMs += 10 * directoryCacheTtlMs;
    expect(await cached.userExists('ann')).toBe(true);
    expect(await cached.devicesOf(['ann'])).toEqual([[phone]]);
    await expect(cached.displayName('bob')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(cached.devicesOf(['ann', 'bob'])).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('asks for a push target every time', async () => {
    await cached.pushTarget('phone');
    away = true;
    await expect(cached.pushTarget('phone')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is bounded', async () => {
    for (const userId of ['bob', 'eve']) names.set(userId, userId);
    for (const userId of ['ann', 'bob', 'eve', 'ann']) await cached.displayName(userId);
    expect(asked).toEqual(['name ann', 'name bob', 'name eve', 'name ann']);
  });
});
