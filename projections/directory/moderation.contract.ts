/** What reports and bans do on every SQL that they are kept in. */
import { systemRandom } from '@parley/schemas/environment/system';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccountsFixture, type DirectoryUnderTest, newNumber, outcome } from './accounts.fixture.ts';
import { Groups } from './groups/groups.ts';
import { type NewReport, reportRetentionMs } from './reports.ts';

export function moderationContract(name: string, make: () => Promise<DirectoryUnderTest>): void {
  describe(`reports and bans contract: ${name}`, () => {
    let under: DirectoryUnderTest;
    let fixture: AccountsFixture;
    beforeAll(async () => {
      under = await make();
      fixture = new AccountsFixture(under.database);
    });
    afterAll(() => under.close());

    const newUser = async (): Promise<string> => (await fixture.register()).userId;
    const reportOf = (reporterId: string, userId: string): NewReport => ({
      ...{ reporterId, about: { userId }, reason: 'spam', text: 'buys followers' },
      disclosed: [{ messageId: '01HZXW6QZK3T8N5V2B7C9D0E1F', text: 'cheap followers' }],
    });
    const open = { after: null, limit: 100, isHandled: false };

    it('keeps what was disclosed until it is handled, and who handled it first', async () => {
      const { reports } = fixture.accounts;
      const [ann, bob] = [await newUser(), await newUser()];
      const reportId = await reports.file(reportOf(ann, bob));
      const createdAtMs = fixture.nowMs;
      const report = { ...reportOf(ann, bob), reportId, createdAtMs, handled: null };
      expect(await reports.list(open)).toContainEqual(report);
      await reports.handle(reportId, 'olga');
      await reports.handle(reportId, 'oleg');
      expect(await reports.list(open)).not.toContainEqual(report);
      const handled = { ...report, handled: { atMs: fixture.nowMs, by: 'olga' } };
      expect(await reports.list({ ...open, isHandled: true })).toContainEqual(handled);
      expect(await outcome(reports.handle(ann, 'olga'))).toBe('not_found');
    });

    it('takes reports of users who are there, and of groups from their members alone', async () => {
      const { reports } = fixture.accounts;
      const [ann, bob] = [await newUser(), await newUser()];
      const { database, clock } = fixture;
      const groups = new Groups({ database, clock, random: systemRandom, secret: Buffer.alloc(32) });
      const whoMay = { whoMaySend: 'everyone', whoMayEdit: 'admins' } as const;
      const group = { ...whoMay, title: 'Hiking', description: null, pictureUrl: null, maxMembers: 8, memberIds: [] };
      const made = await groups.create({ userId: ann, requestKey: null }, group);
      const about = { groupId: made.groupId };
      expect(await outcome(reports.file({ ...reportOf(ann, bob), about }))).toBe('done');
      expect(await outcome(reports.file({ ...reportOf(bob, ann), about }))).toBe('not_found');
      const nobody = { userId: '00000000-0000-4000-8000-00000000dead' };
      expect(await outcome(reports.file({ ...reportOf(ann, bob), about: nobody }))).toBe('not_found');
    });

    it('pages, and forgets what is half a year old', async () => {
      const { reports } = fixture.accounts;
      const [ann, bob] = [await newUser(), await newUser()];
      fixture.nowMs += reportRetentionMs + 1;
      const ids: string[] = [];
      for (let n = 0; n < 5; n++) ids.push(await reports.file(reportOf(ann, bob)));
      const listed: string[] = [];
      for (let after: string | null = null; ; ) {
        const found = await reports.list({ after, limit: 2, isHandled: false });
        listed.push(...found.slice(0, 2).map(({ reportId }) => reportId));
        if (found.length <= 2) break;
        after = listed.at(-1)!;
      }
      expect(listed).toEqual([...ids].sort());
    });

    it('a ban revokes every device, and lets no new one be registered until it is taken back', async () => {
      const phoneNumber = newNumber();
      const { accounts, sessions } = fixture;
      const first = await fixture.register('Eve', phoneNumber);
      const second = await fixture.register('Eve', phoneNumber);
      await accounts.ban(first.userId);
      await accounts.ban(first.userId);
      for (const { deviceId, tokens } of [first, second]) {
        expect(await sessions.isRevoked(deviceId)).toBe(true);
        expect(await outcome(accounts.refresh(tokens.refreshToken))).toBe('device_revoked');
      }
      expect(await accounts.devices.list(first.userId)).toEqual([]);
      expect(await outcome(fixture.register('Eve', phoneNumber))).toBe('banned');
      await accounts.unban(first.userId);
      expect((await fixture.register('Eve', phoneNumber)).userId).toBe(first.userId);
      const nobody = '00000000-0000-4000-8000-00000000dead';
      expect(await outcome(accounts.ban(nobody))).toBe('not_found');
      expect(await outcome(accounts.unban(nobody))).toBe('not_found');
    });

    it('a registration at the same time as a ban leaves no device behind', async () => {
      for (let round = 0; round < 5; round++) {
        const phoneNumber = newNumber();
        const { userId } = await fixture.register('Eve', phoneNumber);
        await Promise.all([fixture.accounts.ban(userId), outcome(fixture.register('Eve', phoneNumber))]);
        expect(await fixture.accounts.devices.list(userId)).toEqual([]);
      }
    });
  });
}
