/** What privacy settings do on every SQL that they are kept in. */
import { randomInt, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Contacts } from './contacts.ts';
import type { DirectoryDatabase } from './database.ts';
import { SqlPrivacy } from './privacy.sql.ts';
import { defaultPrivacy } from './privacy.ts';

export interface PrivacyUnderTest {
  readonly database: DirectoryDatabase;
  close(): Promise<void>;
}

export function privacyContract(name: string, make: () => Promise<PrivacyUnderTest>): void {
  describe(`privacy contract: ${name}`, () => {
    let under: PrivacyUnderTest;
    let privacy: SqlPrivacy;
    beforeAll(async () => {
      under = await make();
      const { database } = under;
      privacy = new SqlPrivacy({ database, clock: { nowMs: () => 1_700_000_000_000 } });
    });
    afterAll(() => under.close());

    const newUser = async (): Promise<string> => {
      const row = { user_id: randomUUID(), display_name: 'Ann', created_at: new Date(0), updated_at: new Date(0) };
      const phone_number = `+49151${randomInt(10_000_000, 99_999_999)}`;
      await under.database.run((db) =>
        db
          .insertInto('users')
          .values({ ...row, phone_number })
          .execute(),
      );
      return row.user_id;
    };

    it('has defaults for whoever never chose, and for ids that are nobody', async () => {
      const user = await newUser();
      expect(await privacy.settingsOf([user, 'nobody', randomUUID()])).toEqual([
        defaultPrivacy,
        defaultPrivacy,
        defaultPrivacy,
      ]);
      expect(await privacy.settingsOf([])).toEqual([]);
    });

    it('changes what is named, and keeps the rest', async () => {
      const [ann, bob] = [await newUser(), await newUser()];
      expect(await privacy.change(ann, { lastSeen: 'contacts' })).toEqual({ lastSeen: 'contacts', readReceipts: true });
      expect(await privacy.change(ann, { readReceipts: false })).toEqual({
        lastSeen: 'contacts',
        readReceipts: false,
      });
      expect(await privacy.change(ann, {})).toEqual({ lastSeen: 'contacts', readReceipts: false });
      expect(await privacy.change(bob, { lastSeen: 'nobody' })).toEqual({ lastSeen: 'nobody', readReceipts: true });
      expect(await privacy.settingsOf([bob, ann])).toEqual([
        { lastSeen: 'nobody', readReceipts: true },
        { lastSeen: 'contacts', readReceipts: false },
      ]);
    });

    it('knows who stands in whose address book, which is not the same both ways', async () => {
      const [ann, bob, eve] = [await newUser(), await newUser(), await newUser()];
      const clock = { nowMs: () => 1_700_000_000_000 };
      await new Contacts({ database: under.database, clock }).put(ann, [{ userId: bob, label: 'Bob' }]);
      const pairs = [
        { ownerId: bob, otherId: ann },
        { ownerId: ann, otherId: bob },
        { ownerId: ann, otherId: eve },
        { ownerId: 'nobody', otherId: bob },
      ];
      const relations = await privacy.relationsOf(pairs);
      expect(relations.map(({ isContact }) => isContact)).toEqual([false, true, false, false]);
      expect(await privacy.relationsOf([])).toEqual([]);
    });

    it('counts two changes of different settings at the same time', async () => {
      const user = await newUser();
      await Promise.all([
        privacy.change(user, { lastSeen: 'nobody' }),
        privacy.change(user, { readReceipts: false }),
        privacy.change(user, {}),
      ]);
      expect(await privacy.settingsOf([user])).toEqual([{ lastSeen: 'nobody', readReceipts: false }]);
    });
  });
}
