/** What the directory does on every SQL that it runs on. */
import { createHash, generateKeyPairSync, randomInt, randomUUID } from 'node:crypto';
import { systemRandom } from '@parley/schemas/environment/system';
import type { ParleyError } from '@parley/schemas/errors/parley-error';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemorySessionStore } from '../sessions/store.memory.ts';
import { AccessTokenIssuer, PublicKeyVerifier } from './access-tokens.ts';
import { Accounts, type Registered, restoreRevocations, revocationTtlMs } from './accounts.ts';
import type { DirectoryDatabase } from './database.ts';
import { maxDevicesPerUser } from './devices.ts';
import type { NewDevice } from './directory.ts';
import { codeLifetimeMs, maxCodeAttempts } from './one-time-codes.ts';
import { refreshLifetimeMs } from './refresh-tokens.ts';
import { tokenKeysFrom } from './token-keys.ts';
import { SqlUserDirectory } from './users.sql.ts';

export interface DirectoryUnderTest {
  readonly database: DirectoryDatabase;
  close(): Promise<void>;
}

const { privateKey } = generateKeyPairSync('ed25519');
const { privateKeyPem, publicKeyPem } = tokenKeysFrom(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());

export function directoryContract(name: string, make: () => Promise<DirectoryUnderTest>): void {
  describe(`directory contract: ${name}`, () => {
    let nowMs = 1_700_000_000_000;
    const clock = { nowMs: () => nowMs };
    const tokenSettings = { clock, issuer: 'parley', audience: 'parley' };
    const verifier = new PublicKeyVerifier({ ...tokenSettings, publicKeyPems: [publicKeyPem] });
    const sessions = new MemorySessionStore({ clock });
    let under: DirectoryUnderTest;
    let accounts: Accounts;
    let users: SqlUserDirectory;
    beforeAll(async () => {
      under = await make();
      const issuer = new AccessTokenIssuer({ ...tokenSettings, privateKeyPem });
      accounts = new Accounts({ database: under.database, sessions, issuer, clock, random: systemRandom });
      users = new SqlUserDirectory(under.database);
    });
    afterAll(() => under.close());

    const newNumber = (): string => `+49151${randomInt(10_000_000, 99_999_999)}`;
    const device = (changes: Partial<NewDevice> = {}): NewDevice => ({
      name: 'Phone',
      platform: 'android',
      keyBundle: Buffer.from([0, 1, 2, 255]),
      pushToken: null,
      ...changes,
    });
    const register = async (phoneNumber = newNumber(), changes: Partial<NewDevice> = {}): Promise<Registered> => {
      const issued = await accounts.startRegistration(phoneNumber);
      return accounts.completeRegistration({
        phoneNumber,
        code: issued.code,
        displayName: 'Ann',
        device: device(changes),
      });
    };
    const code = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'no error',
        (error: ParleyError) => error.code,
      );

    describe('registration', () => {
      it('makes a user with a device, and tokens that say who they are', async () => {
        const phoneNumber = newNumber();
        const { user, deviceId, tokens } = await register(phoneNumber);
        expect(user).toEqual({ userId: user.userId, phoneNumber, displayName: 'Ann' });
        expect(await accounts.profiles.own(user.userId)).toMatchObject(user);
        const expiresAtMs = tokens.accessExpiresAtMs;
        expect(await verifier.verify(tokens.accessToken)).toEqual({ userId: user.userId, deviceId, expiresAtMs });
        expect(await accounts.devices.list(user.userId)).toEqual([
          { userId: user.userId, deviceId, name: 'Phone', platform: 'android', createdAtMs: nowMs },
        ]);
        const { devices } = await accounts.identities.of(user.userId);
        const [keys] = devices;
        expect(keys).toMatchObject({ deviceId, keyBundle: Buffer.from([0, 1, 2, 255]) });
        expect(Buffer.isBuffer(keys?.keyBundle)).toBe(true);
      });

      it('of a known number is the same user on another device, who keeps the name', async () => {
        const phoneNumber = newNumber();
        const first = await register(phoneNumber);
        await accounts.profiles.change(first.user.userId, { displayName: 'Annabel' });
        const second = await register(phoneNumber, { platform: 'web' });
        expect(second.user).toEqual({ ...first.user, displayName: 'Annabel' });
        expect(second.deviceId).not.toBe(first.deviceId);
        expect(await accounts.devices.list(first.user.userId)).toHaveLength(2);
      });

      it('of a new number at the same time as another makes one user', async () => {
        const phoneNumber = newNumber();
        const { code: good } = await accounts.startRegistration(phoneNumber);
        const complete = () =>
          accounts.completeRegistration({ phoneNumber, code: good, displayName: 'Ann', device: device() });
        const outcomes = await Promise.all([complete(), complete(), complete()].map(code));
        expect(outcomes.sort()).toEqual(['invalid_code', 'invalid_code', 'no error']);
        const rows = await under.database.run((db) =>
          db.selectFrom('users').select('user_id').where('phone_number', '=', phoneNumber).execute(),
        );
        expect(rows).toHaveLength(1);
        expect(await accounts.devices.list(rows[0]!.user_id)).toHaveLength(1);
      });

      it('refuses a wrong code, and every code after five attempts', async () => {
        const phoneNumber = newNumber();
        const { code: right } = await accounts.startRegistration(phoneNumber);
        const wrong = right === '000000' ? '000001' : '000000';
        const attempt = (guess: string) =>
          code(accounts.completeRegistration({ phoneNumber, code: guess, displayName: 'Ann', device: device() }));
        const guesses = await Promise.all(Array.from({ length: maxCodeAttempts }, () => attempt(wrong)));
        expect(guesses).toEqual(Array.from({ length: maxCodeAttempts }, () => 'invalid_code'));
        expect(await attempt(right)).toBe('too_many_attempts');
        expect(await attempt(wrong)).toBe('too_many_attempts');
        await register(phoneNumber);
      });

      it('takes the newest code of the number, once, within five minutes', async () => {
        const phoneNumber = newNumber();
        const complete = (guess: string, number = phoneNumber) =>
          code(accounts.completeRegistration({ phoneNumber: number, code: guess, displayName: '', device: device() }));
        const replaced = await accounts.startRegistration(phoneNumber);
        let newest = await accounts.startRegistration(phoneNumber);
        while (newest.code === replaced.code) newest = await accounts.startRegistration(phoneNumber);
        expect(await complete(replaced.code)).toBe('invalid_code');
        expect(await complete(newest.code, newNumber())).toBe('invalid_code');
        expect(await complete(newest.code)).toBe('no error');
        expect(await complete(newest.code)).toBe('invalid_code');
        const late = await accounts.startRegistration(phoneNumber);
        nowMs += codeLifetimeMs;
        expect(await complete(late.code)).toBe('invalid_code');
      });

      it('draws codes of six digits, stores hashes that need a secret, and takes a code back', async () => {
        const phoneNumber = newNumber();
        const issued = await accounts.startRegistration(phoneNumber);
        expect(issued.code).toMatch(/^\d{6}$/);
        const row = await under.database.run((db) =>
          db
            .selectFrom('one_time_codes')
            .select('code_hash')
            .where('phone_number', '=', phoneNumber)
            .executeTakeFirstOrThrow(),
        );
        for (const guess of [issued.code, phoneNumber + issued.code, `${phoneNumber}:${issued.code}`]) {
          expect(row.code_hash.equals(createHash('sha256').update(guess).digest())).toBe(false);
          expect(row.code_hash.includes(guess)).toBe(false);
        }
        await accounts.codes.withdraw(phoneNumber, issued.code, 'registration');
        expect(await code(accounts.codes.attempt(phoneNumber, issued.code, 'registration'))).toBe('invalid_code');
      });

      it('takes expired codes away', async () => {
        for (let i = 0; i < 3; i++) await accounts.startRegistration(newNumber());
        nowMs += codeLifetimeMs;
        await accounts.startRegistration(newNumber());
        const rows = await under.database.kysely.selectFrom('one_time_codes').select('expires_at').execute();
        expect(rows.every((row) => row.expires_at.getTime() > nowMs)).toBe(true);
      });

      it('stops at ten devices, leaves the code good, and makes room for one whose tokens lapsed', async () => {
        const phoneNumber = newNumber();
        const first = await register(phoneNumber);
        for (let i = 1; i < maxDevicesPerUser; i++) await register(phoneNumber);
        const issued = await accounts.startRegistration(phoneNumber);
        const complete = () =>
          accounts.completeRegistration({
            phoneNumber,
            code: issued.code,
            displayName: 'Ann',
            device: device({ name: 'Eleventh' }),
          });
        expect(await code(complete())).toBe('too_many_devices');
        await accounts.revokeDevice(first.user.userId, first.deviceId);
        const { deviceId } = await complete();
        expect(await accounts.devices.list(first.user.userId)).toHaveLength(maxDevicesPerUser);
        nowMs += refreshLifetimeMs;
        await register(phoneNumber);
        const left = await accounts.devices.list(first.user.userId);
        expect(left.map((one) => one.deviceId)).not.toContain(deviceId);
      });
    });

    describe('refresh tokens', () => {
      it('give a new pair for the same device, and are stored as hashes', async () => {
        const { user, deviceId, tokens } = await register();
        const { tokens: next } = await accounts.refresh(tokens.refreshToken);
        expect(await verifier.verify(next.accessToken)).toMatchObject({ userId: user.userId, deviceId });
        expect(next.refreshToken).not.toBe(tokens.refreshToken);
        const rows = await under.database.kysely.selectFrom('refresh_tokens').selectAll().execute();
        const secret = Buffer.from(next.refreshToken, 'base64url').subarray(32);
        expect(rows.some((row) => row.token_hash.equals(secret) || row.family_hash.includes(secret))).toBe(false);
      });

      it('used again revoke the device: its successor is worth nothing, and the denylist has it', async () => {
        const { user, deviceId, tokens } = await register();
        const { tokens: next } = await accounts.refresh(tokens.refreshToken);
        expect(await code(accounts.refresh(tokens.refreshToken))).toBe('invalid_refresh_token');
        expect(await code(accounts.refresh(next.refreshToken))).toBe('device_revoked');
        expect(await sessions.isRevoked(deviceId)).toBe(true);
        expect(await accounts.devices.list(user.userId)).toEqual([]);
      });

      it('used twice at the same time are used again', async () => {
        const { deviceId, tokens } = await register();
        const both = await Promise.all([1, 2].map(() => code(accounts.refresh(tokens.refreshToken))));
        expect(both.sort()).toEqual(['invalid_refresh_token', 'no error']);
        expect(await sessions.isRevoked(deviceId)).toBe(true);
      });

      it('made up without the family secret do nothing to the device', async () => {
        const { deviceId, tokens } = await register();
        const forged = Buffer.from(tokens.refreshToken, 'base64url');
        forged.fill(7, 16);
        for (const token of [forged.toString('base64url'), '', 'x'.repeat(86), `${tokens.refreshToken}A`]) {
          expect(await code(accounts.refresh(token))).toBe('invalid_refresh_token');
        }
        expect(await sessions.isRevoked(deviceId)).toBe(false);
        expect(await code(accounts.refresh(tokens.refreshToken))).toBe('no error');
      });

      it('lapse after sixty days without use', async () => {
        const { tokens } = await register();
        nowMs += refreshLifetimeMs - 1;
        const { tokens: next } = await accounts.refresh(tokens.refreshToken);
        nowMs += refreshLifetimeMs;
        expect(await code(accounts.refresh(next.refreshToken))).toBe('invalid_refresh_token');
      });
    });

    describe('devices', () => {
      it('are revoked by their user alone; twice is as once', async () => {
        const [ann, bob] = [await register(), await register()];
        expect(await code(accounts.revokeDevice(bob.user.userId, ann.deviceId))).toBe('not_found');
        expect(await code(accounts.revokeDevice(ann.user.userId, randomUUID()))).toBe('not_found');
        await accounts.revokeDevice(ann.user.userId, ann.deviceId);
        await accounts.revokeDevice(ann.user.userId, ann.deviceId);
        expect(await sessions.isRevoked(ann.deviceId)).toBe(true);
        expect(await code(accounts.refresh(ann.tokens.refreshToken))).toBe('device_revoked');
        expect((await accounts.identities.of(ann.user.userId)).devices).toEqual([]);
        expect(await code(accounts.devices.replaceKeys(ann.deviceId, Buffer.alloc(1)))).toBe('device_revoked');
        expect(await code(accounts.devices.replacePushToken(ann.deviceId, 'x'))).toBe('device_revoked');
      });

      it('rule 21: are put on the denylist again after it was lost', async () => {
        const { user, deviceId } = await register();
        await accounts.revokeDevice(user.userId, deviceId);
        await sessions.close();
        nowMs += revocationTtlMs - 1_000;
        expect(await restoreRevocations(accounts.devices, sessions, clock)).toBeGreaterThan(0);
        expect(await sessions.isRevoked(deviceId)).toBe(true);
        nowMs += 1_000;
        expect(await sessions.isRevoked(deviceId)).toBe(false);
      });

      it('replace their keys and their push token', async () => {
        const { user, deviceId } = await register();
        await accounts.devices.replaceKeys(deviceId, Buffer.from('new'));
        expect((await accounts.identities.of(user.userId)).devices[0]!.keyBundle.toString()).toBe('new');
        await accounts.devices.replacePushToken(deviceId, 'token-1');
        expect(await users.pushTarget(deviceId)).toEqual({ platform: 'android', token: 'token-1' });
        await accounts.devices.dropPushToken(deviceId, 'another');
        expect((await users.pushTarget(deviceId))?.token).toBe('token-1');
        await accounts.devices.dropPushToken(deviceId, 'token-1');
        expect(await users.pushTarget(deviceId)).toEqual({ platform: 'android', token: null });
      });

      it('a push token belongs to the last device that brought it', async () => {
        const pushToken = randomUUID();
        const ann = await register(newNumber(), { pushToken });
        const bob = await register(newNumber(), { pushToken });
        expect((await users.pushTarget(ann.deviceId))?.token).toBeNull();
        await accounts.devices.replacePushToken(ann.deviceId, pushToken);
        expect((await users.pushTarget(bob.deviceId))?.token).toBeNull();
        expect((await users.pushTarget(ann.deviceId))?.token).toBe(pushToken);
      });
    });

    describe('UserDirectory', () => {
      it('lists devices in the order asked, without revoked ones, and pushes to none of those', async () => {
        const phoneNumber = newNumber();
        const ann = await register(phoneNumber);
        const web = await register(phoneNumber, { platform: 'web' });
        const bob = await register();
        const { userId } = ann.user;
        const stranger = randomUUID();
        const [ofBob, ofStranger, ofAnn, odd] = await users.devicesOf([bob.user.userId, stranger, userId, 'no uuid']);
        expect(ofBob).toEqual([{ deviceId: bob.deviceId, platform: 'android' }]);
        expect([ofStranger, odd]).toEqual([[], []]);
        expect(new Set(ofAnn)).toEqual(
          new Set([
            { deviceId: ann.deviceId, platform: 'android' },
            { deviceId: web.deviceId, platform: 'web' },
          ]),
        );
        await accounts.revokeDevice(userId, web.deviceId);
        expect(await users.devicesOf([userId])).toEqual([[{ deviceId: ann.deviceId, platform: 'android' }]]);
        expect(await users.pushTarget(web.deviceId)).toBeNull();
        expect(await users.devicesOf([])).toEqual([]);
      });

      it('knows who exists and what they are called', async () => {
        const { user } = await register();
        expect(await users.userExists(user.userId)).toBe(true);
        expect(await users.displayName(user.userId)).toBe('Ann');
        for (const nobody of [randomUUID(), '', '\0', 'x'.repeat(70_000)]) {
          expect(await users.userExists(nobody)).toBe(false);
          expect(await users.displayName(nobody)).toBeNull();
          expect(await users.pushTarget(nobody)).toBeNull();
        }
      });
    });

    it('finds a phone number by a hash index that keeps it unique', async () => {
      const { user } = await register();
      const copy = { ...user, user_id: randomUUID(), phone_number: user.phoneNumber, display_name: '' };
      const insert = under.database.run((db) =>
        db
          .insertInto('users')
          .values({
            user_id: copy.user_id,
            phone_number: copy.phone_number,
            display_name: '',
            created_at: new Date(),
            updated_at: new Date(),
          })
          .execute(),
      );
      await expect(insert).rejects.toMatchObject({ code: 'internal', detail: 'SQL state 23P01' });
      await expect(insert).rejects.not.toThrow(user.phoneNumber);
    });

    it('tells its own time, in whole milliseconds', async () => {
      const beforeMs = Date.now();
      const ms = await under.database.serverTimeMs();
      expect(Number.isInteger(ms)).toBe(true);
      expect(ms).toBeGreaterThanOrEqual(beforeMs - 1);
      expect(ms).toBeLessThanOrEqual(Date.now() + 1);
    });

    it('ping resolves while SQL answers', async () => {
      await expect(under.database.ping()).resolves.toBeUndefined();
    });
  });
}
