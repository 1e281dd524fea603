/** Keys over HTTP: what is handed in, claimed, limited and told. */
import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { lowWaterKeys, maxOneTimeKeys } from '@parley/projections/directory/keys';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import type { InboxEntry } from '@parley/projections/inbox/store';
import { decodeFrame, type Frame } from '@parley/schemas/codec/frame-codec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, keyBundle, makeApi, newNumber, phoneDevice, type TokenAnswer } from './api.fixture.ts';
import { defaultLimits } from './limits.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const range = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ key_id: from + index, key: base64(`key ${from + index}`) }));

let database: DirectoryDatabase;
let api: ApiFixture;
let limited: ApiFixture;
const inbox = new Map<string, InboxEntry[]>();
beforeAll(async () => {
  database = await openEmbeddedDirectory(null);
  api = makeApi(database, { inbox: (userId) => inbox.get(userId) ?? [] });
  limited = makeApi(database, { limited: true });
}, 60_000);
afterAll(async () => {
  await api.close();
  await limited.close();
  await database.close();
});

const upload = (who: TokenAnswer, body: object, at = api) => at.as(who, 'POST', '/v1/devices/me/one-time-keys', body);
const claim = (who: TokenAnswer, of: TokenAnswer, body: object = { kind: 'prekey' }, at = api) =>
  at.as(who, 'POST', `/v1/users/${of.user_id}/keys/claim`, body);
const setIdentity = (who: TokenAnswer, text: string) =>
  api.as(who, 'PUT', '/v1/devices/me/identity', { identity_key: base64(text), signed_prekey: base64('signed') });

/** The notices of a kind that have gone out since the last look, with whom they were for. */
async function noticed<N extends Frame['name']>(name: N) {
  await api.dependencies.identityNotices.idle();
  const all = api.noticed.splice(0).map((item) => ({ ...item, ...decodeFrame(item.frame) }));
  return all.filter((one) => one.name === name);
}

describe('one-time keys', () => {
  it('are handed in, counted, and claimed once each', async () => {
    const [ann, bob] = [await api.register(), await api.register()];
    const handedIn = await upload(ann, { kind: 'prekey', keys: range(0, 2), last_resort: range(900, 1)[0] });
    expect(handedIn.json()).toEqual({ kind: 'prekey', held: 2, low: true, has_last_resort: true, next_key_id: 2 });
    const claims = [await claim(bob, ann), await claim(bob, ann), await claim(bob, ann)].map((one) => one.json());
    const keys = claims.map((one) => one.devices[0].key);
    expect(keys).toEqual([
      { key_id: 0, key: base64('key 0'), last_resort: false },
      { key_id: 1, key: base64('key 1'), last_resort: false },
      { key_id: 900, key: base64('key 900'), last_resort: true },
    ]);
    expect(claims[0].devices[0]).toMatchObject({ device_id: ann.device_id, key_bundle: keyBundle, identity_key: null });
    const { supplies } = (await api.as(ann, 'GET', '/v1/devices/me/keys')).json();
    expect(supplies).toEqual([
      { kind: 'prekey', held: 0, low: true, has_last_resort: true, next_key_id: 2 },
      { kind: 'key_package', held: 0, low: true, has_last_resort: false, next_key_id: 0 },
    ]);
  });

  it('are refused when they are too many, too large, out of order, or of nobody', async () => {
    const ann = await api.register();
    const refused = async (body: object, code = 'invalid_request') =>
      expect((await upload(ann, { kind: 'prekey', ...body })).json().error?.code).toBe(code);
    await refused({ keys: range(0, maxOneTimeKeys + 1) });
    await refused({ keys: [...range(5, 1), ...range(5, 1)] });
    await refused({ keys: [{ key_id: 0, key: base64('x'.repeat(8_194)) }] });
    await refused({ keys: [{ key_id: -1, key: base64('x') }] });
    await refused({ keys: [{ key_id: 2 ** 31, key: base64('x') }] });
    await refused({ keys: [], kind: 'private' });
    await upload(ann, { kind: 'prekey', keys: range(0, maxOneTimeKeys) });
    await refused({ keys: range(500, 1) }, 'too_many_keys');
    const nobody = { ...ann, user_id: ann.device_id };
    expect((await claim(ann, nobody)).json().error.code).toBe('not_found');
  });

  it('that run low are told to their device alone, at most once a minute and kind', async () => {
    const [ann, bob] = [await api.register(), await api.register()];
    await upload(ann, { kind: 'prekey', keys: range(0, lowWaterKeys + 1) });
    const limits = makeApi(database, { limited: true });
    const at = { ...api, as: limits.as };
    const tokens = { ann: await limits.register(), bob: await limits.register() };
    await upload(tokens.ann, { kind: 'prekey', keys: range(0, lowWaterKeys + 1) }, at);
    const told = () => limits.noticed.map((item) => [item.onlyDeviceId, decodeFrame(item.frame)] as const);
    const low = () => told().filter(([, { name }]) => name === 'keys_low');
    await claim(tokens.bob, tokens.ann, undefined, at);
    expect(low()).toEqual([]);
    for (let i = 0; i < 3; i++) await claim(tokens.bob, tokens.ann, undefined, at);
    const body = { kind: 'prekey', held: lowWaterKeys - 1 };
    expect(low()).toEqual([[tokens.ann.device_id, { name: 'keys_low', body }]]);
    limits.advance(60_000);
    await claim(tokens.bob, tokens.ann, undefined, at);
    expect(low()).toHaveLength(2);
    await limits.close();
    await claim(bob, ann);
  });

  it('cannot be drained by one asker, nor by many', async () => {
    const ann = await limited.register();
    const lastResort = range(900, 1)[0];
    await upload(ann, { kind: 'prekey', keys: range(0, maxOneTimeKeys), last_resort: lastResort }, limited);
    const asker = await limited.register();
    const { limit } = defaultLimits.keyClaimsPerPair;
    for (let i = 0; i < limit; i++) expect((await claim(asker, ann, undefined, limited)).statusCode).toBe(200);
    const refused = (await claim(asker, ann, undefined, limited)).json();
    expect(refused.error).toMatchObject({ code: 'rate_limited' });
    expect(refused.error.retry_after_ms).toBeGreaterThan(0);
    for (let i = limit; i < defaultLimits.keyClaimsPerTarget.limit; i++) {
      await limited.dependencies.limits.keyClaimsPerTarget.take(ann.user_id);
    }
    const late = (await claim(await limited.register(), ann, undefined, limited)).json();
    expect(late.devices[0].key).toMatchObject({ key_id: 900, last_resort: true });
    const without = (await claim(await limited.register(), ann, { kind: 'key_package' }, limited)).json();
    expect(without.error).toMatchObject({ code: 'rate_limited' });
    const { supplies } = (await limited.as(ann, 'GET', '/v1/devices/me/keys')).json();
    expect(supplies[0].held).toBe(maxOneTimeKeys - limit);
  });
});

describe('identities', () => {
  const entry = (userId: string): InboxEntry => ({ otherUserId: userId }) as unknown as InboxEntry;

  it('have a version that whoever was away can compare', async () => {
    const [ann, bob] = [await api.register(), await api.register()];
    const versions = async (ids: string) => {
      const answer = await api.as(bob, 'GET', `/v1/users/identities?ids=${ids}`);
      return answer.json();
    };
    const before = (await versions(ann.user_id)).identities[0].identity_version;
    expect((await setIdentity(ann, 'identity')).json()).toEqual({ identity_version: before + 1 });
    expect((await setIdentity(ann, 'identity')).json()).toEqual({ identity_version: before + 1 });
    expect((await setIdentity(ann, 'other')).json()).toEqual({ identity_version: before + 2 });
    const both = await versions(`${ann.user_id},${bob.user_id},${bob.device_id}`);
    expect(both.identities).toHaveLength(2);
    expect(both.identities).toContainEqual({ user_id: ann.user_id, identity_version: before + 2 });
    const keys = (await api.as(bob, 'GET', `/v1/users/${ann.user_id}/devices`)).json();
    expect(keys).toEqual({
      identity_version: before + 2,
      devices: [
        {
          device_id: ann.device_id,
          key_bundle: keyBundle,
          identity_key: base64('other'),
          signed_prekey: base64('signed'),
        },
      ],
    });
    for (const ids of ['', 'x', `${ann.user_id},`, Array(101).fill(ann.user_id).join(',')]) {
      expect((await versions(ids)).error.code).toBe('invalid_request');
    }
  });

  it('that change are told to their own devices, to those who write with them, and to those who have them as a contact', async () => {
    const phoneNumber = newNumber();
    const [ann, bob, cem] = [await api.register(phoneNumber), await api.register(), await api.register()];
    inbox.set(ann.user_id, [entry(bob.user_id), { otherUserId: null } as unknown as InboxEntry]);
    await database.run((db) =>
      db
        .insertInto('contacts')
        .values({
          user_id: cem.user_id,
          contact_id: ann.user_id,
          label: 'Ann',
          search_key: 'ann',
          updated_at: new Date(0),
        })
        .execute(),
    );
    await noticed('identity_changed');
    const audience = [ann.user_id, bob.user_id, cem.user_id].sort();
    const expectTold = async (version: number): Promise<void> => {
      const told = await noticed('identity_changed');
      expect(told.map((one) => [...one.userIds].sort())).toEqual([audience]);
      expect(told[0]!.body).toEqual({ user_id: ann.user_id, identity_version: version });
    };
    await setIdentity(ann, 'identity');
    await expectTold(3);
    await api.as(ann, 'PUT', '/v1/devices/me/keys', { key_bundle: base64('other bundle') });
    await expectTold(4);
    const second = await api.register(phoneNumber, { ...phoneDevice, push_token: null });
    await expectTold(5);
    await api.as(ann, 'DELETE', `/v1/devices/${second.device_id}`);
    await expectTold(6);
    await api.post('/v1/tokens/refresh', { refresh_token: ann.refresh_token });
    await api.post('/v1/tokens/refresh', { refresh_token: ann.refresh_token });
    await expectTold(7);
  });

  it('that change often are told with their last version, and not more often than limited', async () => {
    const ann = await limited.register();
    await limited.dependencies.identityNotices.idle();
    limited.noticed.length = 0;
    const { limit } = defaultLimits.identityChangesPerUser;
    const body = (index: number) => ({ identity_key: base64(`identity ${index}`), signed_prekey: base64('signed') });
    const change = (index: number) => limited.as(ann, 'PUT', '/v1/devices/me/identity', body(index));
    const answers = await Promise.all(Array.from({ length: limit + 5 }, (_, index) => change(index)));
    expect(answers.filter((answer) => answer.statusCode === 429)).toHaveLength(5);
    await limited.dependencies.identityNotices.idle();
    const told = limited.noticed.map((item) => decodeFrame(item.frame).body);
    expect(told.length).toBeLessThanOrEqual(limit);
    expect(told.at(-1)).toEqual({ user_id: ann.user_id, identity_version: limit + 2 });
  });
});
