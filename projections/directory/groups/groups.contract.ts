/** What groups do on every SQL that the directory runs on. */
import { randomBytes, randomUUID } from 'node:crypto';
import { systemRandom } from '@parley/schemas/environment/system';
import type { ParleyError } from '@parley/schemas/errors/parley-error';
import { isDirectConversationId } from '@parley/schemas/identity/conversation-id';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DirectoryUnderTest } from '../directory.contract.ts';
import { Outbox } from '../outbox/outbox.ts';
import { type Asker, defaultMaxMembers, greatestMaxMembers, maxGroupsPerUser, type NewGroup } from './group.ts';
import { Groups } from './groups.ts';
import { addUsers } from './people.fixture.ts';

const walkers: NewGroup = {
  title: 'Weekend Hike',
  description: null,
  pictureUrl: null,
  whoMaySend: 'everyone',
  whoMayEdit: 'everyone',
  maxMembers: defaultMaxMembers,
  memberIds: [],
};

export function groupsContract(name: string, make: () => Promise<DirectoryUnderTest>): void {
  describe(`groups contract: ${name}`, () => {
    let nowMs = 1_700_000_000_000;
    const clock = { nowMs: () => nowMs };
    let under: DirectoryUnderTest;
    let groups: Groups;
    let outbox: Outbox;
    let [alice, bob, cleo, dan] = ['', '', '', ''];
    beforeAll(async () => {
      under = await make();
      const { database } = under;
      groups = new Groups({ database, clock, random: systemRandom, secret: randomBytes(32) });
      outbox = new Outbox(database);
      [alice, bob, cleo, dan] = (await addUsers(database, 4)) as [string, string, string, string];
    }, 60_000);
    afterAll(() => under.close());

    const by = (userId: string, requestKey: string | null = null): Asker => ({ userId, requestKey });
    const code = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'no error',
        (error: ParleyError) => error.code,
      );
    const makeGroup = async (memberIds: readonly string[] = [bob, cleo], changes: Partial<NewGroup> = {}) =>
      (await groups.create(by(alice), { ...walkers, memberIds, ...changes })).groupId;
    /** Names of the events of a group with what they are about, in order. */
    const told = async (groupId: string): Promise<string[]> => {
      const rows = await outbox.unsent(groupId, 10_000);
      expect(rows.map((row) => row.version)).toEqual(rows.map((_, index) => index + 1));
      for (const { event, version } of rows) {
        expect(event).toMatchObject({ conversation_id: groupId, directory_version: version });
      }
      return rows.map(({ eventName, event }) => [eventName, event['user_id']].filter(Boolean).join(' '));
    };
    const rolesIn = async (groupId: string, as: string): Promise<string[]> =>
      (await groups.reading.group(as, groupId)).members.map(({ userId, role }) => `${role} ${userId}`);

    describe('making', () => {
      it('makes a group with its maker as admin, of an id that no 1:1 conversation can have', async () => {
        const changed = await groups.create(by(alice), { ...walkers, memberIds: [bob, cleo, bob, alice] });
        expect(changed.version).toBe(1);
        expect(isDirectConversationId(changed.groupId)).toBe(false);
        const group = await groups.reading.group(bob, changed.groupId);
        expect(group).toMatchObject({ title: 'Weekend Hike', version: 1, createdBy: alice, createdAtMs: nowMs });
        expect(group.members.map(({ userId, role }) => [userId, role]).sort()).toEqual(
          [
            [alice, 'admin'],
            [bob, 'member'],
            [cleo, 'member'],
          ].sort(),
        );
        expect(await told(changed.groupId)).toEqual(['conversation_created']);
      });

      it('refuses users who do not exist or are gone, and more than fit, and leaves nothing behind', async () => {
        const [gone] = (await addUsers(under.database, 1)) as [string];
        await under.database.run((db) =>
          db
            .updateTable('users')
            .set({ deleted_at: new Date(0), phone_number: null })
            .where('user_id', '=', gone)
            .execute(),
        );
        const count = async () =>
          (await under.database.kysely.selectFrom('conversations').selectAll().execute()).length;
        const before = await count();
        expect(await code(makeGroup([bob, randomUUID()]))).toBe('user_unknown');
        expect(await code(makeGroup([gone]))).toBe('user_unknown');
        expect(await code(makeGroup([bob, cleo], { maxMembers: 2 }))).toBe('group_full');
        expect(await count()).toBe(before);
      });

      it('makes the largest group there may be, and no larger one', async () => {
        const crowd = await addUsers(under.database, greatestMaxMembers);
        const group = { ...walkers, maxMembers: greatestMaxMembers };
        expect(await code(groups.create(by(alice), { ...group, memberIds: crowd }))).toBe('group_full');
        const { groupId } = await groups.create(by(alice), { ...group, memberIds: crowd.slice(1) });
        expect((await groups.reading.group(alice, groupId)).members).toHaveLength(greatestMaxMembers);
        expect(await code(groups.add(by(alice), groupId, [crowd[0]!]))).toBe('group_full');
      });

      it('is done once for one key, however often and at the same time it is asked', async () => {
        const asker = by(alice, randomUUID());
        const create = () => groups.create(asker, { ...walkers, memberIds: [bob] });
        const made = await Promise.all([create(), create(), create()]);
        expect(new Set(made.map((one) => one.groupId)).size).toBe(1);
        expect(await create()).toEqual(made[0]);
        expect(await code(groups.create(asker, walkers))).toBe('request_key_reused');
        const other = await groups.create(by(bob, asker.requestKey), walkers);
        expect(other.groupId).not.toBe(made[0]!.groupId);
      });
    });

    describe('rule 20: changes', () => {
      it('get the next version each, and lie in the outbox in its order', async () => {
        const groupId = await makeGroup();
        await groups.add(by(alice), groupId, [dan]);
        await groups.change(by(bob), groupId, { title: 'Hut' });
        await groups.remove(by(alice), groupId, bob);
        const { version } = await groups.setRole(by(alice), groupId, cleo, 'admin');
        expect(version).toBe(5);
        expect(await told(groupId)).toEqual([
          'conversation_created',
          `member_added ${dan}`,
          'conversation_changed',
          `member_removed ${bob}`,
          `member_role_changed ${cleo}`,
        ]);
      });

      it('that find everything as they want it change nothing', async () => {
        const groupId = await makeGroup();
        await groups.add(by(alice), groupId, [bob, cleo]);
        await groups.change(by(alice), groupId, { title: walkers.title, description: null });
        await groups.remove(by(alice), groupId, dan);
        await groups.setRole(by(alice), groupId, alice, 'admin');
        expect(await groups.transfer(by(alice), groupId, alice)).toEqual({ groupId, version: 1 });
      });

      it('made at the same time by many are all numbered, without a gap', async () => {
        const people = await addUsers(under.database, 30);
        const groupId = await makeGroup();
        await groups.setRole(by(alice), groupId, bob, 'admin');
        await Promise.all(
          people.map((userId, index) => groups.add(by(index % 2 === 0 ? alice : bob), groupId, [userId])),
        );
        const events = await told(groupId);
        expect(events).toHaveLength(32);
        expect(new Set(events.slice(2))).toEqual(new Set(people.map((userId) => `member_added ${userId}`)));
      });

      it('that fail leave neither rows nor events', async () => {
        const groupId = await makeGroup();
        expect(await code(groups.add(by(alice), groupId, [dan, randomUUID()]))).toBe('user_unknown');
        expect(await told(groupId)).toEqual(['conversation_created']);
        expect(await rolesIn(groupId, alice)).toHaveLength(3);
      });

      it('with a key are done once, also when they could be done again', async () => {
        const groupId = await makeGroup();
        const key = by(alice, randomUUID());
        await groups.add(key, groupId, [dan]);
        await groups.remove(by(dan), groupId, dan);
        expect(await groups.add(key, groupId, [dan])).toEqual({ groupId, version: 3 });
        expect(await code(groups.reading.group(dan, groupId))).toBe('not_found');
        expect(await code(groups.add(key, groupId, [bob]))).toBe('request_key_reused');
        const leaving = by(bob, randomUUID());
        await groups.remove(leaving, groupId, bob);
        expect(await groups.remove(leaving, groupId, bob)).toEqual({ groupId, version: 4 });
      });
    });

    describe('bounds', () => {
      it('hold for members, however many add at the same time', async () => {
        const people = await addUsers(under.database, 40);
        const groupId = await makeGroup([bob], { maxMembers: 12 });
        await groups.setRole(by(alice), groupId, bob, 'admin');
        const outcomes = await Promise.all(
          people.map((userId, index) => code(groups.add(by(index % 2 === 0 ? alice : bob), groupId, [userId]))),
        );
        expect(outcomes.filter((outcome) => outcome === 'no error')).toHaveLength(10);
        expect(outcomes.filter((outcome) => outcome === 'group_full')).toHaveLength(30);
        expect(await rolesIn(groupId, alice)).toHaveLength(12);
        expect(await code(groups.add(by(alice), groupId, [bob, alice]))).toBe('no error');
        expect(await code(groups.change(by(alice), groupId, { maxMembers: 11 }))).toBe('group_full');
        await groups.change(by(alice), groupId, { maxMembers: 13 });
        expect(await code(groups.add(by(alice), groupId, [dan]))).toBe('no error');
      });

      it('hold for the groups of a user, also when two groups add them at once', async () => {
        const [joiner] = (await addUsers(under.database, 1)) as [string];
        const mine = await Promise.all(Array.from({ length: 6 }, () => makeGroup([])));
        const at = new Date(0);
        const many = Array.from({ length: maxGroupsPerUser - 1 }, () => randomUUID());
        await under.database.run(async (db) => {
          const conversation = { conversation_type: 'group' as const, version: 1, created_at: at };
          const empty = { title: 'x', who_may_send: 'everyone', who_may_edit: 'everyone', max_members: 2 } as const;
          await db
            .insertInto('conversations')
            .values(many.map((conversation_id) => ({ conversation_id, ...conversation })))
            .execute();
          await db
            .insertInto('groups')
            .values(many.map((group_id) => ({ group_id, ...empty, created_by: joiner, created_at: at })))
            .execute();
          const member = { user_id: joiner, role: 'member' as const, joined_at: at, joined_version: 1 };
          await db
            .insertInto('group_members')
            .values(many.map((group_id) => ({ group_id, ...member })))
            .execute();
        });
        const outcomes = await Promise.all(mine.map((groupId) => code(groups.add(by(alice), groupId, [joiner]))));
        expect(outcomes.sort()).toEqual(['no error', ...Array.from({ length: 5 }, () => 'too_many_groups')]);
        expect(await code(groups.create(by(joiner), walkers))).toBe('too_many_groups');
      });
    });

    describe('permissions', () => {
      it('nobody outside sees or changes a group', async () => {
        const groupId = await makeGroup();
        const { reading } = groups;
        const outside = [
          reading.group(dan, groupId),
          groups.add(by(dan), groupId, [dan]),
          groups.change(by(dan), groupId, { title: 'mine' }),
          groups.remove(by(dan), groupId, dan),
          groups.remove(by(dan), groupId, alice),
          groups.setRole(by(dan), groupId, dan, 'admin'),
          groups.transfer(by(dan), groupId, dan),
          groups.makeInvite(dan, groupId),
          groups.invite(dan, groupId),
          groups.revokeInvite(dan, groupId),
          groups.add(by(alice), randomUUID(), [bob]),
        ];
        expect(await Promise.all(outside.map(code))).toEqual(outside.map(() => 'not_found'));
      });

      it('members change nothing but what everybody may edit, and leave', async () => {
        const groupId = await makeGroup();
        const forbidden = [
          groups.add(by(bob), groupId, [dan]),
          groups.change(by(bob), groupId, { whoMaySend: 'admins' }),
          groups.change(by(bob), groupId, { title: 'x', maxMembers: 1_000 }),
          groups.remove(by(bob), groupId, cleo),
          groups.setRole(by(bob), groupId, bob, 'admin'),
          groups.transfer(by(bob), groupId, cleo),
          groups.makeInvite(bob, groupId),
          groups.invite(bob, groupId),
          groups.revokeInvite(bob, groupId),
        ];
        expect(await Promise.all(forbidden.map(code))).toEqual(forbidden.map(() => 'forbidden'));
        await groups.change(by(bob), groupId, { title: 'ours', description: 'walks', pictureUrl: 'https://x.y/z' });
        await groups.change(by(alice), groupId, { whoMayEdit: 'admins' });
        expect(await code(groups.change(by(bob), groupId, { title: 'mine' }))).toBe('forbidden');
        await groups.remove(by(bob), groupId, bob);
        expect(await code(groups.reading.group(bob, groupId))).toBe('not_found');
      });

      it('an event says what changed, and of the rest nothing', async () => {
        const groupId = await makeGroup([bob], { description: 'walks' });
        await groups.change(by(alice), groupId, { description: null, whoMaySend: 'admins', title: walkers.title });
        const [, row] = await outbox.unsent(groupId, 10);
        expect(row!.event).toMatchObject({
          changed_by: alice,
          title: null,
          description: '',
          picture_url: null,
          who_may_send: 'admins',
          who_may_edit: null,
        });
        expect((await groups.reading.group(bob, groupId)).description).toBeNull();
      });
    });

    describe('admins', () => {
      it('the last one who leaves hands the role to whoever has been in the longest, before they go', async () => {
        const groupId = await makeGroup([]);
        for (const userId of [cleo, bob]) await groups.add(by(alice), groupId, [userId]);
        await groups.remove(by(alice), groupId, alice);
        expect((await told(groupId)).slice(-2)).toEqual([`member_role_changed ${cleo}`, `member_removed ${alice}`]);
        expect(await rolesIn(groupId, bob)).toEqual([`admin ${cleo}`, `member ${bob}`]);
        await groups.remove(by(cleo), groupId, cleo);
        await groups.remove(by(bob), groupId, bob);
        expect((await told(groupId)).slice(-1)).toEqual([`member_removed ${bob}`]);
        expect(await code(groups.reading.group(bob, groupId))).toBe('not_found');
      });

      it('the last one stays one; a transfer is two events of one change', async () => {
        const groupId = await makeGroup();
        expect(await code(groups.setRole(by(alice), groupId, alice, 'member'))).toBe('last_admin');
        expect(await code(groups.setRole(by(alice), groupId, dan, 'admin'))).toBe('not_found');
        await groups.transfer(by(alice), groupId, bob);
        expect((await told(groupId)).slice(-2)).toEqual([`member_role_changed ${bob}`, `member_role_changed ${alice}`]);
        expect(await code(groups.setRole(by(alice), groupId, cleo, 'admin'))).toBe('forbidden');
        await groups.setRole(by(bob), groupId, alice, 'admin');
        await groups.setRole(by(bob), groupId, bob, 'member');
        expect((await rolesIn(groupId, bob)).filter((one) => one.startsWith('admin'))).toEqual([`admin ${alice}`]);
      });

      it('of whom two leave at the same time leave one behind', async () => {
        const groupId = await makeGroup([bob, cleo, dan]);
        await groups.setRole(by(alice), groupId, bob, 'admin');
        await Promise.all([groups.remove(by(alice), groupId, alice), groups.remove(by(bob), groupId, bob)]);
        expect((await rolesIn(groupId, cleo)).filter((one) => one.startsWith('admin'))).toHaveLength(1);
      });
    });

    it('rule 22: an admin ends a generation of the MLS group by an event in the order of the others', async () => {
      const groupId = await makeGroup();
      expect(await code(groups.openMlsGeneration(by(bob), groupId, 0))).toBe('forbidden');
      expect(await code(groups.openMlsGeneration(by(dan), groupId, 0))).toBe('not_found');
      expect(await groups.openMlsGeneration(by(alice), groupId, 0)).toEqual({ groupId, version: 2 });
      const key = by(alice, randomUUID());
      for (let i = 0; i < 2; i++) {
        expect(await groups.openMlsGeneration(key, groupId, 1)).toEqual({ groupId, version: 3 });
      }
      const rows = await outbox.unsent(groupId, 10);
      expect(rows.map(({ eventName }) => eventName)).toEqual([
        'conversation_created',
        'mls_generation_opened',
        'mls_generation_opened',
      ]);
      expect(rows[2]!.event).toMatchObject({ opened_by: alice, from_generation: 1, directory_version: 3 });
    });

    describe('invite links', () => {
      it('let in whoever has the newest, until it is taken back', async () => {
        const groupId = await makeGroup([]);
        expect(await code(groups.invite(alice, groupId))).toBe('not_found');
        const first = await groups.makeInvite(alice, groupId);
        expect(await groups.invite(alice, groupId)).toEqual(first);
        await groups.join(by(bob), first.token);
        expect(await groups.join(by(bob), first.token)).toEqual({ groupId, version: 2 });
        const [, row] = await outbox.unsent(groupId, 10);
        expect(row!.event).toMatchObject({ user_id: bob, added_by: bob, via: 'invite_link', role: 'member' });
        const second = await groups.makeInvite(alice, groupId);
        expect(await code(groups.join(by(cleo), first.token))).toBe('invite_invalid');
        await groups.join(by(cleo), second.token);
        await groups.revokeInvite(alice, groupId);
        expect(await code(groups.join(by(dan), second.token))).toBe('invite_invalid');
        expect(await code(groups.invite(alice, groupId))).toBe('not_found');
      });

      it('are kept as hashes that need a secret, and end with the last member', async () => {
        const groupId = await makeGroup([]);
        const { token } = await groups.makeInvite(alice, groupId);
        const rows = await under.database.kysely.selectFrom('group_invites').selectAll().execute();
        expect(JSON.stringify(rows)).not.toContain(token);
        const other = new Groups({ database: under.database, clock, random: systemRandom, secret: randomBytes(32) });
        expect(await code(other.invite(alice, groupId))).toBe('not_found');
        await groups.remove(by(alice), groupId, alice);
        expect(await code(groups.join(by(alice), token))).toBe('invite_invalid');
      });

      it('keep to the bound of the group', async () => {
        const groupId = await makeGroup([bob], { maxMembers: 2 });
        const { token } = await groups.makeInvite(alice, groupId);
        expect(await code(groups.join(by(cleo), token))).toBe('group_full');
      });
    });

    it('pages of the groups of a user and of the members of a group hold each once', async () => {
      const people = await addUsers(under.database, 7);
      const [me] = people as [string];
      const ids = await Promise.all(
        Array.from({ length: 5 }, () => groups.create(by(me), { ...walkers, memberIds: people })),
      );
      const found: string[] = [];
      for (let after: string | null = null; ; ) {
        const page = await groups.reading.groupsOf(me, after, 2);
        found.push(...page.items.map((one) => one.groupId));
        after = page.next;
        if (after === null) break;
      }
      expect(found).toEqual(ids.map((one) => one.groupId).sort());
      const members: string[] = [];
      for (let after: string | null = null; ; ) {
        const page = await groups.reading.memberIds(found[0]!, after, 3);
        members.push(...page.items);
        after = page.next;
        if (after === null) break;
      }
      expect(members).toEqual([...people].sort());
      expect(await code(groups.reading.memberIds(randomUUID(), null, 3))).toBe('not_found');
      nowMs++;
    });
  });
}
