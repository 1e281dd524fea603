/** What profiles, and the end of an account, do on every SQL. */
import { randomUUID } from 'node:crypto';
import { systemRandom } from '@parley/schemas/environment/system';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccountsFixture, type DirectoryUnderTest, newNumber, outcome } from './accounts.fixture.ts';
import type { Accounts, Registered } from './accounts.ts';
import type { NewGroup } from './groups/group.ts';
import { Groups } from './groups/groups.ts';
import { maxCodeAttempts } from './one-time-codes.ts';
import { SqlUserDirectory } from './users.sql.ts';

export function accountDeletionContract(name: string, make: () => Promise<DirectoryUnderTest>): void {
  describe(`profiles and account deletion contract: ${name}`, () => {
    let under: DirectoryUnderTest;
    let people: AccountsFixture;
    let accounts: Accounts;
    beforeAll(async () => {
      under = await make();
      people = new AccountsFixture(under.database);
      accounts = people.accounts;
    });
    afterAll(() => under.close());

    const remove = async ({ userId }: Registered): Promise<void> => {
      const { code } = await accounts.startDeletion(userId);
      await accounts.delete(userId, code);
    };

    it('a profile changes where it is told to, and others see it without the number', async () => {
      const ann = await people.register();
      const { userId } = ann;
      await accounts.profiles.change(userId, { about: 'Busy', pictureUrl: 'https://example.org/ann.png' });
      people.nowMs += 1_000;
      const own = await accounts.profiles.change(userId, { displayName: 'Anna' });
      const seen = {
        ...{ userId, displayName: 'Anna', about: 'Busy', pictureUrl: 'https://example.org/ann.png' },
        ...{ isDeleted: false, updatedAtMs: people.nowMs },
      };
      expect(own).toEqual({ ...seen, phoneNumber: ann.user.phoneNumber });
      expect(await accounts.profiles.of([userId, randomUUID()])).toEqual([seen]);
      expect(await accounts.profiles.change(userId, { about: null })).toMatchObject({
        about: null,
        displayName: 'Anna',
      });
      expect(await outcome(accounts.profiles.own(randomUUID()))).toBe('not_found');
    });

    it('a deletion needs a code that was asked for it', async () => {
      const ann = await people.register();
      const { code: other } = await accounts.startRegistration(ann.user.phoneNumber);
      expect(await outcome(accounts.delete(ann.userId, other))).toBe('invalid_code');
      const { code } = await accounts.startDeletion(ann.userId);
      const wrong = code === '000000' ? '000001' : '000000';
      const register = accounts.completeRegistration({
        ...{ phoneNumber: ann.user.phoneNumber, code, displayName: 'Eve' },
        device: people.device(),
      });
      expect(await outcome(register), 'nor is it good for anything else').toBe('invalid_code');
      for (let i = 1; i < maxCodeAttempts; i++)
        expect(await outcome(accounts.delete(ann.userId, wrong))).toBe('invalid_code');
      expect(await outcome(accounts.delete(ann.userId, code))).toBe('too_many_attempts');
      expect((await accounts.profiles.own(ann.userId)).displayName).toBe('Ann');
    });

    it('leaves a row without a person: every device is denied, and nothing of what the user gave is in any table', async () => {
      const pushToken = `push-${randomUUID()}`;
      const marks = { name: `name ${randomUUID()}`, about: `about ${randomUUID()}`, device: `device ${randomUUID()}` };
      const ann = await people.register(marks.name, newNumber(), { name: marks.device, pushToken });
      const revokedBefore = await people.register('', ann.user.phoneNumber, { name: marks.device });
      await accounts.revokeDevice(ann.userId, revokedBefore.deviceId);
      const web = await accounts.completeLink(
        (await accounts.links.make(ann)).code,
        people.device({ name: marks.device }),
      );
      const bob = await people.register('Bob');
      await accounts.profiles.change(ann.userId, { about: marks.about, pictureUrl: 'https://example.org/a.png' });
      await accounts.contacts.put(ann.userId, [{ userId: bob.userId, label: `label ${marks.name}` }]);
      await accounts.contacts.put(bob.userId, [{ userId: ann.userId, label: `label ${marks.name}` }]);
      await accounts.privacy.change(ann.userId, { lastSeen: 'nobody' });
      await accounts.links.make(ann);
      await under.database.run((db) =>
        db
          .insertInto('blocks')
          .values({ blocker_id: ann.userId, blocked_id: bob.userId, created_at: new Date(0) })
          .execute(),
      );
      await remove(ann);
      expect(await under.database.kysely.selectFrom('blocks').selectAll().execute()).toEqual([]);
      for (const { deviceId } of [ann, web]) expect(await people.sessions.isRevoked(deviceId)).toBe(true);
      expect(await outcome(accounts.refresh(ann.tokens.refreshToken))).not.toBe('done');
      expect(await accounts.devices.list(ann.userId)).toEqual([]);
      const dump = await dumpOf(under);
      for (const gone of [...Object.values(marks), pushToken, ann.user.phoneNumber, 'https://example.org/a.png']) {
        expect(dump.includes(gone), gone).toBe(false);
      }
      expect(await accounts.profiles.of([ann.userId])).toEqual([
        {
          ...{ userId: ann.userId, displayName: '', about: null, pictureUrl: null },
          ...{ isDeleted: true, updatedAtMs: people.nowMs },
        },
      ]);
      const users = new SqlUserDirectory(under.database);
      expect(await users.userExists(ann.userId)).toBe(false);
      expect(await users.pushTarget(ann.deviceId)).toBeNull();
      expect((await accounts.contacts.list(bob.userId, { search: '', after: null, limit: 10 })).contacts).toEqual([]);
    });

    it('frees the number for a new user, and is done once', async () => {
      const ann = await people.register();
      await remove(ann);
      expect(await outcome(accounts.startDeletion(ann.userId))).toBe('not_found');
      expect(await outcome(accounts.delete(ann.userId, '000000'))).toBe('not_found');
      expect(await outcome(accounts.profiles.change(ann.userId, { displayName: 'Again' }))).toBe('not_found');
      const other = await people.register('Other', ann.user.phoneNumber);
      expect(other.userId).not.toBe(ann.userId);
      expect(other.user.displayName).toBe('Other');
      expect(await outcome(accounts.contacts.put(other.userId, [{ userId: ann.userId, label: 'Ghost' }]))).toBe(
        'not_found',
      );
    });

    it('rule 20: leaves every group by an event, and hands on the role of the last admin', async () => {
      const [ann, bob] = [await people.register(), await people.register('Bob')];
      const groups = new Groups({ ...people, random: systemRandom, secret: Buffer.alloc(32) });
      const group: Omit<NewGroup, 'memberIds'> = {
        ...{ title: 'Walks', description: null, pictureUrl: null, maxMembers: 10 },
        whoMaySend: 'everyone',
        whoMayEdit: 'everyone',
      };
      const asker = { userId: ann.userId, requestKey: null };
      const made = [
        await groups.create(asker, { ...group, memberIds: [bob.userId] }),
        await groups.create(asker, { ...group, memberIds: [] }),
      ];
      await remove(ann);
      const rows = await under.database.kysely
        .selectFrom('group_members')
        .select(['group_id', 'user_id', 'role'])
        .where(
          'group_id',
          'in',
          made.map(({ groupId }) => groupId),
        )
        .execute();
      expect(rows).toEqual([{ group_id: made[0]!.groupId, user_id: bob.userId, role: 'admin' }]);
      const events = await under.database.kysely
        .selectFrom('outbox')
        .select(['event_name', 'version'])
        .where('conversation_id', '=', made[0]!.groupId)
        .orderBy('version', 'desc')
        .limit(2)
        .execute();
      expect(events.map(({ event_name }) => event_name)).toEqual(['member_removed', 'member_role_changed']);
    });

    it('a registration of the same number at the same time makes a new user or a device of the old one, never neither', async () => {
      for (let round = 0; round < 5; round++) {
        const ann = await people.register();
        const { code } = await accounts.startDeletion(ann.userId);
        const phoneNumber = ann.user.phoneNumber;
        const deletion = outcome(accounts.delete(ann.userId, code));
        const again = people.register('Again', phoneNumber).then(
          ({ userId }) => userId,
          (error: { code: string }) => error.code,
        );
        const [deleted, userId] = await Promise.all([deletion, again]);
        // Each asks for a code of its own, and the newer takes the place of the older: so one of the two may have to ask again.
        expect(deleted === 'done' || deleted === 'invalid_code', deleted).toBe(true);
        expect(userId === 'internal').toBe(false);
        if (deleted === 'done' && userId !== 'invalid_code') expect(userId).not.toBe(ann.userId);
      }
    });
  });
}

/** Every row of every table, as text. */
async function dumpOf({ database }: DirectoryUnderTest): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`.execute(database.kysely);
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<{ row: string }>`SELECT t::text AS row FROM ${sql.table(name)} AS t`.execute(
      database.kysely,
    );
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join('\n');
}
