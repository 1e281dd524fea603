/** What the keys of devices do on every SQL that they are kept in. */
import { randomInt, randomUUID } from 'node:crypto';
import type { ParleyError } from '@parley/schemas/errors/parley-error';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DirectoryDatabase } from './database.ts';
import { addDevice, Devices } from './devices.ts';
import type { DirectoryUnderTest } from './directory.contract.ts';
import { Identities } from './identities.ts';
import { type Claim, DeviceKeyStore, type KeyKind, keyKinds, maxOneTimeKeys } from './keys.ts';

const clock = { nowMs: () => 1_700_000_000_000 };
const key = (keyId: number, text = `key ${keyId}`) => ({ keyId, key: Buffer.from(text) });
const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => key(from + index));
const idsOf = (claims: readonly Claim[]) => claims.flatMap((claim) => claim.devices.map((one) => one.key?.keyId));

/** @param askers claims at the same time */
export function keysContract(name: string, make: () => Promise<DirectoryUnderTest>, askers: number): void {
  describe(`keys contract: ${name}`, () => {
    let under: DirectoryUnderTest;
    let database: DirectoryDatabase;
    let store: DeviceKeyStore;
    let identities: Identities;
    let devices: Devices;
    beforeAll(async () => {
      under = await make();
      ({ database } = under);
      store = new DeviceKeyStore({ database });
      identities = new Identities({ database });
      devices = new Devices({ database, clock });
    });
    afterAll(() => under.close());

    const newUser = async (): Promise<string> => {
      const row = { user_id: randomUUID(), display_name: 'Ann', created_at: new Date(0), updated_at: new Date(0) };
      const phone_number = `+49151${randomInt(10_000_000, 99_999_999)}`;
      await database.run((db) =>
        db
          .insertInto('users')
          .values({ ...row, phone_number })
          .execute(),
      );
      return row.user_id;
    };
    const newDevice = async (userId: string): Promise<string> => {
      const device = { name: 'Phone', platform: 'web' as const, keyBundle: Buffer.from('bundle'), pushToken: null };
      const deviceId = randomUUID();
      await database.transaction((transaction) => addDevice(transaction, { ...device, userId, deviceId }, 0));
      return deviceId;
    };
    const newOwner = async () => {
      const userId = await newUser();
      return { userId, deviceId: await newDevice(userId) };
    };
    const claim = (userId: string, changes: { kind?: KeyKind; deviceIds?: string[]; lastResortOnly?: boolean } = {}) =>
      store.claim({ userId, kind: 'prekey', deviceIds: null, lastResortOnly: false, ...changes });
    const code = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'no error',
        (error: ParleyError) => error.code,
      );

    it('gives each one-time key to one asker, however many ask at the same time, then the one of last resort', async () => {
      const { userId, deviceId } = await newOwner();
      await store.upload(deviceId, 'prekey', range(0, maxOneTimeKeys), key(7_000, 'last resort'));
      const claims: Claim[] = [];
      const ask = async (): Promise<void> => {
        for (let turn = 0; turn < Math.ceil((maxOneTimeKeys + askers) / askers); turn++) {
          claims.push(await claim(userId));
        }
      };
      await Promise.all(Array.from({ length: askers }, ask));
      const keys = claims.flatMap((one) => one.devices.map((device) => device.key!));
      const once = keys.filter((one) => !one.isLastResort);
      expect(once.map(({ keyId }) => keyId).sort((a, b) => a - b)).toEqual(
        range(0, maxOneTimeKeys).map((k) => k.keyId),
      );
      for (const one of once) expect(one.key.toString()).toBe(`key ${one.keyId}`);
      expect(keys.length - once.length).toBe(claims.length - maxOneTimeKeys);
      for (const one of keys) if (one.isLastResort) expect(one).toMatchObject(key(7_000, 'last resort'));
      expect((await store.supplies(deviceId))[0]).toMatchObject({ held: 0, hasLastResort: true });
    });

    it('claims of every device of the user at once, or of those that are named, by kind', async () => {
      const { userId, deviceId: first } = await newOwner();
      const second = await newDevice(userId);
      for (const deviceId of [first, second]) {
        for (const kind of keyKinds) await store.upload(deviceId, kind, range(0, 3), null);
      }
      await store.upload((await newOwner()).deviceId, 'prekey', range(0, 3), null);
      const all = await claim(userId);
      expect(all.devices.map((one) => one.deviceId)).toEqual([first, second].sort());
      expect(all.devices.map((one) => [one.key?.keyId, one.held])).toEqual([
        [0, 2],
        [0, 2],
      ]);
      const named = await claim(userId, { deviceIds: [second, randomUUID()], kind: 'key_package' });
      expect(named.devices.map((one) => [one.deviceId, one.key?.keyId])).toEqual([[second, 0]]);
      const left = async (deviceId: string) => (await store.supplies(deviceId)).map(({ held }) => held);
      expect([await left(first), await left(second)]).toEqual([
        [2, 3],
        [2, 2],
      ]);
    });

    it('leaves the one-time keys when asked for the last resort, and says so when there is none', async () => {
      const { userId, deviceId } = await newOwner();
      expect((await claim(userId)).devices[0]).toMatchObject({ deviceId, key: null, held: 0 });
      await store.upload(deviceId, 'prekey', range(0, 2), null);
      expect(idsOf([await claim(userId, { lastResortOnly: true })])).toEqual([undefined]);
      await store.upload(deviceId, 'prekey', [], key(50));
      expect(idsOf([await claim(userId, { lastResortOnly: true })])).toEqual([50]);
      expect(idsOf([await claim(userId), await claim(userId), await claim(userId)])).toEqual([0, 1, 50]);
      expect(await code(claim(randomUUID()))).toBe('not_found');
    });

    it('never takes an id again, so that an upload that is repeated brings no key back', async () => {
      const { userId, deviceId } = await newOwner();
      await store.upload(deviceId, 'prekey', range(0, 3), null);
      await claim(userId);
      const repeated = await store.upload(deviceId, 'prekey', range(0, 3), null);
      expect(repeated).toEqual({ kind: 'prekey', held: 2, hasLastResort: false, nextKeyId: 3 });
      await Promise.all([1, 2, 3].map(() => store.upload(deviceId, 'prekey', range(2, 3), null)));
      expect(idsOf([await claim(userId), await claim(userId)])).toEqual([1, 2]);
      expect((await store.supplies(deviceId))[0]).toEqual({
        kind: 'prekey',
        held: 2,
        hasLastResort: false,
        nextKeyId: 5,
      });
    });

    it('holds a bounded number for a device and kind, also when uploads come at the same time', async () => {
      const { deviceId } = await newOwner();
      await store.upload(deviceId, 'prekey', range(0, maxOneTimeKeys - 5), null);
      const more = (from: number) => code(store.upload(deviceId, 'prekey', range(from, 4), null));
      await Promise.all([more(200), more(300), more(400)]);
      expect((await store.supplies(deviceId))[0]!.held).toBe(maxOneTimeKeys - 1);
      await store.upload(deviceId, 'key_package', range(0, maxOneTimeKeys), null);
      expect(await code(store.upload(deviceId, 'key_package', [key(500)], null))).toBe('too_many_keys');
    });

    it('raises the identity version with every device that comes, goes or changes its identity, and with nothing else', async () => {
      const userId = await newUser();
      const other = await newOwner();
      const version = async (of = userId) => (await identities.versionsOf([of]))[0]!.identityVersion;
      const seen = [await version()];
      const step = async (work: Promise<unknown>): Promise<void> => {
        await work;
        seen.push(await version());
      };
      const first = await newDevice(userId);
      seen.push(await version());
      const second = await newDevice(userId);
      seen.push(await version());
      await step(identities.replace(first, Buffer.from('identity'), Buffer.from('signed')));
      await step(devices.replaceKeys(first, Buffer.from('other bundle')));
      await step(devices.revoke(userId, second));
      expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
      await identities.replace(first, Buffer.from('identity'), Buffer.from('signed again'));
      await devices.replaceKeys(first, Buffer.from('other bundle'));
      await devices.replacePushToken(first, 'token');
      await devices.revoke(userId, second);
      await store.upload(first, 'prekey', range(0, 2), key(9));
      await claim(userId);
      expect(await version()).toBe(6);
      expect(await version(other.userId)).toBe(2);
      expect(await identities.of(userId)).toEqual({
        userId,
        identityVersion: 6,
        devices: [
          {
            deviceId: first,
            keyBundle: Buffer.from('other bundle'),
            identityKey: Buffer.from('identity'),
            signedPrekey: Buffer.from('signed again'),
          },
        ],
      });
      expect(await identities.versionsOf([randomUUID()])).toEqual([]);
      expect(await code(identities.of(randomUUID()))).toBe('not_found');
    });

    it('drops what a former identity has signed, and keeps it while only the signed prekey changes', async () => {
      const { userId, deviceId } = await newOwner();
      await store.upload(deviceId, 'prekey', range(0, 3), key(9));
      await identities.replace(deviceId, Buffer.from('first'), Buffer.from('signed'));
      await identities.replace(deviceId, Buffer.from('first'), Buffer.from('signed again'));
      expect((await claim(userId)).devices[0]).toMatchObject({ held: 2, key: { keyId: 0 } });
      await identities.replace(deviceId, Buffer.from('second'), Buffer.from('signed'));
      expect((await store.supplies(deviceId))[0]).toEqual({
        kind: 'prekey',
        held: 0,
        hasLastResort: false,
        nextKeyId: 3,
      });
      expect((await claim(userId)).devices[0]).toMatchObject({ identityKey: Buffer.from('second'), key: null });
    });

    it('of a revoked device are given to nobody, taken from nobody, and gone', async () => {
      const { userId, deviceId } = await newOwner();
      await store.upload(deviceId, 'prekey', range(0, 3), key(9));
      await devices.revoke(userId, deviceId);
      expect((await claim(userId, { deviceIds: [deviceId] })).devices).toEqual([]);
      expect(await code(store.upload(deviceId, 'prekey', [key(20)], null))).toBe('device_revoked');
      expect(await code(store.supplies(deviceId))).toBe('device_revoked');
      expect(await code(identities.replace(deviceId, Buffer.alloc(1), Buffer.alloc(1)))).toBe('device_revoked');
      const rows = await database.run((db) =>
        db.selectFrom('one_time_keys').select('key_id').where('device_id', '=', deviceId).execute(),
      );
      expect(rows).toEqual([]);
    });
  });
}
