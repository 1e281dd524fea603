import { ParleyError } from '@parley/schemas/errors/parley-error';
import { describe, expect, it } from 'vitest';
import { CachedPrivacy, privacyTtlMs } from './privacy.cached.ts';
import { defaultPrivacy, type PrivacySettings, stranger, type UserPair } from './privacy.ts';

function make(options: { maxUsers?: number } = {}) {
  const settings = new Map<string, PrivacySettings>();
  const reads: string[] = [];
  let nowMs = 0;
  let failure: Error | null = null;
  const source = {
    settingsOf: async (userIds: readonly string[]) => {
      reads.push(...userIds);
      if (failure !== null) throw failure;
      return userIds.map((userId) => settings.get(userId) ?? defaultPrivacy);
    },
    relationsOf: async (pairs: readonly UserPair[]) => {
      reads.push(...pairs.map(({ ownerId, otherId }) => `${ownerId}-${otherId}`));
      return pairs.map(({ otherId }) => ({ ...stranger, isContact: otherId === 'bob' }));
    },
  };
  const privacy = new CachedPrivacy({ source, clock: { nowMs: () => nowMs }, ...options });
  return {
    ...{ privacy, settings, reads },
    pass: (ms: number) => {
      nowMs += ms;
    },
    fail: (error: Error | null) => {
      failure = error;
    },
  };
}

const nobody: PrivacySettings = { ...defaultPrivacy, lastSeen: 'nobody' };

describe('the privacy cache', () => {
  it('reads each user and pair once, and tells what it knows without waiting', async () => {
    const { privacy, reads } = make();
    expect(privacy.knownSettings('ann')).toBeUndefined();
    await privacy.settingsOf(['ann', 'bob']);
    await privacy.settingsOf(['bob', 'ann']);
    expect(privacy.knownSettings('ann')).toEqual(defaultPrivacy);
    const pair = { ownerId: 'ann', otherId: 'bob' };
    expect(privacy.knownRelation(pair)).toBeUndefined();
    await privacy.relationsOf([pair, { ownerId: 'bob', otherId: 'ann' }]);
    expect(privacy.knownRelation({ ...pair })?.isContact).toBe(true);
    expect(privacy.knownRelation({ ownerId: 'bob', otherId: 'ann' })?.isContact).toBe(false);
    expect(reads).toEqual(['ann', 'bob', 'ann-bob', 'bob-ann']);
  });

  it('feels a change within a minute', async () => {
    const { privacy, settings, pass } = make();
    await privacy.settingsOf(['ann']);
    settings.set('ann', nobody);
    pass(privacyTtlMs - 1);
    expect(privacy.knownSettings('ann')).toEqual(defaultPrivacy);
    pass(1);
    expect(privacy.knownSettings('ann')).toBeUndefined();
    expect(await privacy.settingsOf(['ann'])).toEqual([nobody]);
  });

  it('goes on with what it knows while SQL is away, and fails for what it does not', async () => {
    const { privacy, pass, fail } = make();
    await privacy.settingsOf(['ann']);
    pass(2 * privacyTtlMs);
    fail(new ParleyError('unavailable'));
    expect(await privacy.settingsOf(['ann'])).toEqual([defaultPrivacy]);
    await expect(privacy.settingsOf(['ann', 'bob'])).rejects.toMatchObject({ code: 'unavailable' });
    fail(new ParleyError('internal'));
    await expect(privacy.settingsOf(['ann'])).rejects.toMatchObject({ code: 'internal' });
  });

  it('is bounded', async () => {
    const { privacy } = make({ maxUsers: 2 });
    await privacy.settingsOf(['ann', 'bob', 'eve']);
    expect(privacy.knownSettings('ann')).toBeUndefined();
    expect(privacy.knownSettings('eve')).toBeDefined();
  });
});
