/** What linking a device does on every SQL that links are kept in. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccountsFixture, type DirectoryUnderTest, newNumber, outcome } from './accounts.fixture.ts';
import type { Accounts, Registered } from './accounts.ts';
import { linkLifetimeMs, linkPrefix, maxLinkAttempts } from './device-links.ts';
import { maxDevicesPerUser } from './devices.ts';

export function deviceLinksContract(name: string, make: () => Promise<DirectoryUnderTest>): void {
  describe(`device links contract: ${name}`, () => {
    let under: DirectoryUnderTest;
    let people: AccountsFixture;
    let accounts: Accounts;
    beforeAll(async () => {
      under = await make();
      people = new AccountsFixture(under.database);
      accounts = people.accounts;
    });
    afterAll(() => under.close());

    const laptop = { name: 'Laptop', platform: 'desktop' } as const;
    const complete = (code: string) => accounts.completeLink(code, people.device(laptop));
    const otherEnd = (code: string): string => code.slice(0, -1) + (code.endsWith('0') ? '1' : '0');

    it('adds a device of the same user, with tokens of its own, which the first device sees', async () => {
      const ann = await people.register('Ann', newNumber(), { pushToken: null });
      const link = await accounts.links.make(ann);
      expect(link.code).toMatch(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/);
      expect(await accounts.links.state(ann.userId, link.linkId)).toMatchObject({ deviceId: null });
      people.nowMs += 1_000;
      const linked = await complete(link.code);
      expect(linked).toMatchObject({ userId: ann.userId, linkId: link.linkId });
      expect(await accounts.links.state(ann.userId, link.linkId)).toMatchObject({ deviceId: linked.deviceId });
      expect(await accounts.devices.list(ann.userId)).toMatchObject([
        { deviceId: ann.deviceId, name: 'Phone' },
        { deviceId: linked.deviceId, ...laptop },
      ]);
      expect((await accounts.refresh(linked.tokens.refreshToken)).deviceId).toBe(linked.deviceId);
    });

    it('takes a code as a person types it, and as a QR code holds it', async () => {
      const ann = await people.register();
      for (const spell of [
        (code: string) => code.toLowerCase().replaceAll('-', ' '),
        (code: string) => code.replaceAll('0', 'O').replaceAll('1', 'l'),
        (code: string) => linkPrefix + code,
      ]) {
        const { code } = await accounts.links.make(ann);
        expect((await complete(spell(code))).userId).toBe(ann.userId);
      }
      for (const nonsense of ['', 'x', '0000-0000-0000-000U', `${linkPrefix}`, 'é'.repeat(16), '0'.repeat(17)]) {
        expect(await outcome(complete(nonsense)), nonsense).toBe('invalid_code');
      }
    });

    it('is good for one use, also by two at once', async () => {
      const ann = await people.register();
      const { code } = await accounts.links.make(ann);
      const outcomes = await Promise.all([complete(code), complete(code), complete(code)].map(outcome));
      expect(outcomes.sort()).toEqual(['done', 'invalid_code', 'invalid_code']);
      expect(await outcome(complete(code))).toBe('invalid_code');
      expect(await accounts.devices.list(ann.userId)).toHaveLength(2);
    });

    it('is good for two minutes', async () => {
      const ann = await people.register();
      const { code, linkId, expiresAtMs } = await accounts.links.make(ann);
      expect(expiresAtMs - people.nowMs).toBe(linkLifetimeMs);
      people.nowMs += linkLifetimeMs;
      expect(await outcome(complete(code))).toBe('invalid_code');
      expect(await outcome(accounts.links.state(ann.userId, linkId))).toBe('not_found');
    });

    it('bears five attempts, however many come at once, and then not even the right one', async () => {
      const ann = await people.register();
      const { code } = await accounts.links.make(ann);
      const guesses = await Promise.all(
        Array.from({ length: maxLinkAttempts }, () => outcome(complete(otherEnd(code)))),
      );
      expect(new Set(guesses)).toEqual(new Set(['invalid_code']));
      expect(await outcome(complete(code))).toBe('too_many_attempts');
      expect(await accounts.devices.list(ann.userId)).toHaveLength(1);
    });

    it('is worth nothing once the device that made it is revoked, or has made another', async () => {
      const ann = await people.register();
      const first = await accounts.links.make(ann);
      const second = await accounts.links.make(ann);
      expect(await outcome(complete(first.code))).toBe('invalid_code');
      await accounts.revokeDevice(ann.userId, ann.deviceId);
      expect(await outcome(complete(second.code))).toBe('invalid_code');
      expect(await outcome(accounts.links.make(ann))).toBe('device_revoked');
    });

    it('stays good while the user has as many devices as allowed', async () => {
      const ann = await people.register();
      const more: Registered[] = [];
      for (let i = 1; i < maxDevicesPerUser; i++) more.push(await people.register('Ann', ann.user.phoneNumber));
      const { code } = await accounts.links.make(ann);
      expect(await outcome(complete(code))).toBe('too_many_devices');
      await accounts.revokeDevice(ann.userId, more[0]!.deviceId);
      expect(await outcome(complete(code))).toBe('done');
    });

    it('is nobody else’s to see, and its secret is not in the database', async () => {
      const [ann, bob] = [await people.register(), await people.register('Bob')];
      const { code, linkId } = await accounts.links.make(ann);
      expect(await outcome(accounts.links.state(bob.userId, linkId))).toBe('not_found');
      expect(await outcome(accounts.links.state(ann.userId, randomUUID()))).toBe('not_found');
      const rows = await under.database.kysely.selectFrom('device_links').selectAll().execute();
      const letters = code.replaceAll('-', '');
      expect(JSON.stringify(rows).includes(letters.slice(6))).toBe(false);
      expect(rows.find((row) => row.link_id === linkId)?.verifier_hash).toHaveLength(32);
    });
  });
}
