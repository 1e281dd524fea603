/** What address books and discovery do on every SQL that they are kept in. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccountsFixture, type DirectoryUnderTest, newNumber, outcome } from './accounts.fixture.ts';
import { searchKey } from './contact-search.ts';
import { type Contacts, maxContactsPerUser } from './contacts.ts';
import { addUsers } from './groups/people.fixture.ts';
import { SqlPrivacy } from './privacy.sql.ts';

export function contactsContract(name: string, make: () => Promise<DirectoryUnderTest>): void {
  describe(`contacts contract: ${name}`, () => {
    let under: DirectoryUnderTest;
    let people: AccountsFixture;
    let contacts: Contacts;
    beforeAll(async () => {
      under = await make();
      people = new AccountsFixture(under.database);
      contacts = people.accounts.contacts;
    });
    afterAll(() => under.close());

    const all = { search: '', after: null, limit: 200 };
    const labels = async (ownerId: string, search = ''): Promise<string[]> =>
      (await contacts.list(ownerId, { ...all, search })).contacts.map(({ label }) => label);
    const newUser = async (): Promise<string> => (await addUsers(under.database, 1))[0]!;

    it('finds the users of numbers, and nobody else', async () => {
      const numbers = Array.from({ length: 1_000 }, newNumber);
      const [ann, bob] = [await people.register('Ann', numbers[3]), await people.register('Bob', numbers[900])];
      const found = await contacts.discover(numbers);
      expect(new Map(found)).toEqual(
        new Map([
          [numbers[3], ann.userId],
          [numbers[900], bob.userId],
        ]),
      );
      expect(await contacts.discover([])).toEqual(new Map());
    });

    it('keeps a label for a user, changes it, and forgets it', async () => {
      const [owner, ann, bob] = (await addUsers(under.database, 3)) as [string, string, string];
      await contacts.put(owner, [
        { userId: ann, label: 'Anna' },
        { userId: bob, label: 'Robert' },
      ]);
      await contacts.put(owner, [{ userId: bob, label: 'Bob' }]);
      expect(await contacts.list(owner, all)).toEqual({
        contacts: [
          { userId: ann, label: 'Anna', updatedAtMs: people.nowMs },
          { userId: bob, label: 'Bob', updatedAtMs: people.nowMs },
        ],
        next: null,
      });
      expect(await labels(ann), 'it is the address book of one user').toEqual([]);
      await contacts.remove(owner, ann);
      await contacts.remove(owner, ann);
      expect(await labels(owner)).toEqual(['Bob']);
    });

    it('takes all of a list or none, and nobody who is no user, or the owner', async () => {
      const [owner, ann] = (await addUsers(under.database, 2)) as [string, string];
      const stranger = { userId: randomUUID(), label: 'Nobody' };
      expect(await outcome(contacts.put(owner, [{ userId: ann, label: 'Ann' }, stranger]))).toBe('not_found');
      expect(await outcome(contacts.put(owner, [{ userId: owner, label: 'Me' }]))).toBe('invalid_request');
      expect(await labels(owner)).toEqual([]);
    });

    it('searches without case and accents, and takes no letter for a pattern', async () => {
      const owner = await newUser();
      const names = [
        'Ángel Müller',
        'ångström',
        'STRASSE',
        'Łukasz',
        '100% Bob',
        'a_b',
        'İpek',
        'Ωmega',
        '李小龍',
        'ﬁona',
      ];
      const users = await addUsers(under.database, names.length);
      await contacts.put(
        owner,
        names.map((label, index) => ({ userId: users[index]!, label })),
      );
      const finds: Readonly<Record<string, string[]>> = {
        angel: ['Ángel Müller'],
        MÜLLER: ['Ángel Müller'],
        muller: ['Ángel Müller'],
        'a\u030angstro\u0308m': ['ångström'],
        straße: ['STRASSE'],
        lukasz: ['Łukasz'],
        '%': ['100% Bob'],
        _: ['a_b'],
        ipek: ['İpek'],
        ωm: ['Ωmega'],
        小: ['李小龍'],
        fiona: ['ﬁona'],
        '  gel   mu': ['Ángel Müller'],
        '\\': [],
        "'; DROP TABLE contacts; --": [],
      };
      for (const [search, expected] of Object.entries(finds))
        expect(await labels(owner, search), search).toEqual(expected);
      expect(await labels(owner)).toHaveLength(names.length);
    });

    it('pages in the order of labels, each contact once, also among equal labels', async () => {
      const owner = await newUser();
      const users = await addUsers(under.database, 25);
      await contacts.put(
        owner,
        users.map((userId, index) => ({ userId, label: index % 2 === 0 ? 'Same' : `Ü${index}` })),
      );
      const seen: string[] = [];
      let after = null;
      do {
        const page = await contacts.list(owner, { search: '', after, limit: 4 });
        seen.push(...page.contacts.map(({ label }) => label));
        after = page.next;
      } while (after !== null);
      expect(seen).toHaveLength(25);
      const keys = seen.map(searchKey);
      expect(keys).toEqual([...keys].sort());
      expect((await contacts.list(owner, { search: 'same', after: null, limit: 13 })).next).toBeNull();
    });

    it('holds the bound also when two write at once', async () => {
      const owner = await newUser();
      const users = await addUsers(under.database, 12);
      const filler = Array.from({ length: maxContactsPerUser - 10 }, () => randomUUID());
      const at = new Date(0);
      for (let i = 0; i < filler.length; i += 1_000) {
        const part = filler.slice(i, i + 1_000);
        await under.database.run(async (db) => {
          await db
            .insertInto('users')
            .values(
              part.map((user_id, n) => ({
                user_id,
                phone_number: `f${i + n}`,
                display_name: '',
                created_at: at,
                updated_at: at,
              })),
            )
            .execute();
          await db
            .insertInto('contacts')
            .values(
              part.map((contact_id) => ({ user_id: owner, contact_id, label: 'x', search_key: 'x', updated_at: at })),
            )
            .execute();
        });
      }
      const put = (some: readonly string[]) =>
        outcome(
          contacts.put(
            owner,
            some.map((userId) => ({ userId, label: 'New' })),
          ),
        );
      const both = await Promise.all([put(users.slice(0, 6)), put(users.slice(6))]);
      expect(both.sort()).toEqual(['done', 'too_many_contacts']);
      expect(await labels(owner, 'new')).toHaveLength(6);
    });

    it('two who add each other at once both succeed', async () => {
      const [ann, bob] = (await addUsers(under.database, 2)) as [string, string];
      const add = (ownerId: string, userId: string) => outcome(contacts.put(ownerId, [{ userId, label: 'You' }]));
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? add(ann, bob) : add(bob, ann))),
      );
      expect(new Set(outcomes)).toEqual(new Set(['done']));
    });

    it('says to whom a user is a contact', async () => {
      const [ann, bob, cid] = (await addUsers(under.database, 3)) as [string, string, string];
      await contacts.put(ann, [{ userId: bob, label: 'Bob' }]);
      const privacy = new SqlPrivacy({ database: under.database, clock: people.clock });
      const pairs = [
        { ownerId: ann, otherId: bob },
        { ownerId: bob, otherId: ann },
        { ownerId: ann, otherId: cid },
        { ownerId: 'nobody', otherId: bob },
      ];
      expect((await privacy.relationsOf(pairs)).map(({ isContact }) => isContact)).toEqual([true, false, false, false]);
    });
  });
}
