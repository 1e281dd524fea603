/** Groups from their making on: who sees what, who may do what, and that nothing of it is lost or doubled whatever is retried or killed. */
import assert from 'node:assert/strict';
import type { GroupsApi } from '@parley/sdk/groups';
import { until } from '../services/until.ts';
import { codeOf, groupPerson, say, sees, timeline } from './group-people.ts';
import type { Scenario } from './scenario.ts';

export const aGroupsLife: Scenario = {
  name: 'a group: the joiner sees nothing before, the removed nothing after',
  async run(world) {
    const alice = await groupPerson(world, 'Alice', 0);
    const bob = await groupPerson(world, 'Bob', 1);
    const cleo = await groupPerson(world, 'Cleo', 1);
    const people = [alice, bob, cleo];
    const { groupId, isSettled } = await alice.groups.make({ title: 'Hike', memberIds: [bob.userId] });
    assert.ok(isSettled);
    await sees(groupId, bob.client, people, ["Alice created Alice Bob 'Hike'"]);
    assert.equal(await say(groupId, alice, 'one'), 'accepted');
    assert.equal(await say(groupId, bob, 'two'), 'accepted');
    assert.ok((await alice.groups.add(groupId, [cleo.userId])).isSettled);
    assert.equal(await say(groupId, cleo, 'three'), 'accepted');
    assert.ok((await bob.groups.change(groupId, { title: 'Hut' })).isSettled);
    assert.ok((await alice.groups.remove(groupId, bob.userId)).isSettled);
    assert.equal(await say(groupId, alice, 'four'), 'accepted');
    assert.equal(await say(groupId, bob, 'and me?'), 'not_a_member');
    const before = ["Alice created Alice Bob 'Hike'", 'Alice: one', 'Bob: two'];
    const together = ['Alice added Cleo', 'Cleo: three', "Bob renamed 'Hut'", 'Alice removed Bob'];
    await sees(groupId, alice.client, people, [...before, ...together, 'Alice: four']);
    await sees(groupId, cleo.client, people, [...together, 'Alice: four']);
    await sees(groupId, bob.client, people, [...before, ...together]);
    // A device that comes later, and history page by page, know no more than that.
    const later = await world.client(await world.device(bob, 'web')).online();
    await sees(groupId, later, people, [...before, ...together]);
    const { messages } = await bob.client.client.history(groupId, 0, 0, 50);
    assert.equal(Math.max(...messages.map(({ seq }) => seq)), before.length + together.length);
    const earlier = await cleo.client.client.history(groupId, 0, 0, 50);
    assert.equal(Math.min(...earlier.messages.map(({ seq }) => seq)), before.length + 1);
    assert.equal(await codeOf(bob.groups.get(groupId)), 'not_found');
    assert.deepEqual(
      (await alice.groups.list()).map(({ title, role }) => [title, role]),
      [['Hut', 'admin']],
    );
    // System messages notify nobody, and count for nobody.
    assert.equal(world.pushes.filter((push) => push.conversationId === groupId).length, 0);
    const entry = (await cleo.client.client.inbox()).entries.find((one) => one.conversation_id === groupId);
    assert.equal(entry?.unread_count, 1);
  },
};

export const lastAdminLeaves: Scenario = {
  name: 'a group: promoted, demoted, handed over, and the last admin leaves',
  async run(world) {
    const alice = await groupPerson(world, 'Alice', 0);
    const bob = await groupPerson(world, 'Bob', 1);
    const cleo = await groupPerson(world, 'Cleo', 0);
    const people = [alice, bob, cleo];
    const { groupId } = await alice.groups.make({ title: 'Hike', memberIds: [bob.userId] });
    await alice.groups.add(groupId, [cleo.userId]);
    assert.equal(await codeOf(bob.groups.setRole(groupId, bob.userId, 'admin')), 'forbidden');
    await alice.groups.setRole(groupId, cleo.userId, 'admin');
    await cleo.groups.setRole(groupId, alice.userId, 'member');
    assert.equal(await codeOf(cleo.groups.setRole(groupId, cleo.userId, 'member')), 'last_admin');
    await cleo.groups.transfer(groupId, alice.userId);
    await alice.groups.leave(groupId);
    assert.equal(await say(groupId, alice, 'once more'), 'not_a_member');
    assert.equal(await say(groupId, bob, 'I am it'), 'accepted');
    const expected = [
      "Alice created Alice Bob 'Hike'",
      'Alice added Cleo',
      'Alice promoted Cleo',
      'Cleo demoted Alice',
      'Cleo promoted Alice',
      'Cleo demoted Cleo',
      'Alice promoted Bob',
      'Alice left Alice',
    ];
    await sees(groupId, alice.client, people, expected);
    await sees(groupId, bob.client, people, [...expected, 'Bob: I am it']);
    await sees(groupId, cleo.client, people, [...expected.slice(1), 'Bob: I am it']);
    const { members } = await cleo.groups.get(groupId);
    assert.deepEqual(
      members.map(({ displayName, role }) => `${displayName} ${role}`),
      ['Bob admin', 'Cleo member'],
    );
  },
};

export const inviteLink: Scenario = {
  name: 'a group: an invite link lets in until it is taken back',
  async run(world) {
    const alice = await groupPerson(world, 'Alice', 0);
    const bob = await groupPerson(world, 'Bob', 1);
    const cleo = await groupPerson(world, 'Cleo', 0);
    const people = [alice, bob, cleo];
    const { groupId } = await alice.groups.make({ title: 'Hike', memberIds: [] });
    await say(groupId, alice, 'nobody here yet');
    const token = await alice.groups.makeInvite(groupId);
    assert.equal(await alice.groups.invite(groupId), token);
    assert.ok((await bob.groups.join(token)).isSettled);
    assert.equal((await bob.groups.join(token)).version, 2);
    await say(groupId, bob, 'hello');
    const next = await alice.groups.makeInvite(groupId);
    assert.equal(await codeOf(cleo.groups.join(token)), 'invite_invalid');
    await alice.groups.revokeInvite(groupId);
    assert.equal(await codeOf(cleo.groups.join(next)), 'invite_invalid');
    assert.equal(await say(groupId, cleo, 'me too'), 'not_a_member');
    const together = ['Bob joined_by_link Bob', 'Bob: hello'];
    await sees(groupId, bob.client, people, together);
    await sees(groupId, alice.client, people, ["Alice created Alice 'Hike'", 'Alice: nobody here yet', ...together]);
    assert.equal(cleo.client.messages(groupId).length, 0);
  },
};

export const adminsOnly: Scenario = {
  name: 'a group where only admins send, and only admins edit',
  async run(world) {
    const alice = await groupPerson(world, 'Alice', 0);
    const bob = await groupPerson(world, 'Bob', 1);
    const { groupId } = await alice.groups.make({ title: 'News', memberIds: [bob.userId], whoMaySend: 'admins' });
    assert.equal(await say(groupId, bob, 'me first'), 'admins_only');
    assert.equal(await say(groupId, alice, 'news'), 'accepted');
    await alice.groups.change(groupId, { whoMayEdit: 'admins' });
    assert.equal(await codeOf(bob.groups.change(groupId, { title: 'mine' })), 'forbidden');
    await alice.groups.setRole(groupId, bob.userId, 'admin');
    assert.equal(await say(groupId, bob, 'now'), 'accepted');
    await alice.groups.setRole(groupId, bob.userId, 'member');
    assert.equal(await say(groupId, bob, 'still?'), 'admins_only');
    await alice.groups.change(groupId, { whoMaySend: 'everyone' });
    assert.equal(await say(groupId, bob, 'all of us'), 'accepted');
    const expected = [
      "Alice created Alice Bob 'News'",
      'Alice: news',
      "Alice who_may_edit 'admins'",
      'Alice promoted Bob',
      'Bob: now',
      'Alice demoted Bob',
      "Alice who_may_send 'everyone'",
      'Bob: all of us',
    ];
    for (const one of [alice, bob]) await sees(groupId, one.client, [alice, bob], expected);
  },
};

export const manyAddAtOnce: Scenario = {
  name: 'a group: its bound holds while many add at once, and retries make nothing twice',
  async run(world) {
    const alice = await groupPerson(world, 'Alice', 0);
    const bob = await groupPerson(world, 'Bob', 1);
    const crowd = [];
    for (let index = 0; index < 20; index++) crowd.push(await world.person(`Joiner ${index}`));
    const newGroup = { title: 'Boat', memberIds: [bob.userId], maxMembers: 12 };
    const key = alice.groups.makeKey();
    const made = await Promise.all([1, 2, 3].map(() => alice.groups.make(newGroup, key)));
    const [{ groupId }] = made as [(typeof made)[0], ...typeof made];
    assert.deepEqual(new Set(made.map((one) => one.groupId)), new Set([groupId]));
    assert.equal(await codeOf(alice.groups.make({ ...newGroup, title: 'Ship' }, key)), 'request_key_reused');
    await alice.groups.setRole(groupId, bob.userId, 'admin');
    const addTwice = ({ userId }: { userId: string }, index: number): Promise<string> => {
      const { groups } = index % 2 === 0 ? alice : bob;
      const own = groups.makeKey();
      const add = () => codeOf(groups.add(groupId, [userId], own));
      return Promise.all([add(), add()]).then((codes) => codes.sort().join(' '));
    };
    const outcomes = await Promise.all(crowd.map(addTwice));
    const added = crowd.filter((_, index) => outcomes[index] === 'no error no error');
    assert.equal(added.length, 10, outcomes.join(', '));
    assert.equal(outcomes.filter((outcome) => outcome === 'group_full group_full').length, 10, outcomes.join(', '));
    assert.equal((await bob.groups.get(groupId)).members.length, 12);
    assert.equal(await say(groupId, bob, 'cast off'), 'accepted');
    await alice.client.holds(groupId, 13);
    const told = timeline(groupId, alice.client, [alice, bob, ...crowd]);
    assert.equal(told.length, 13);
    const joins = told.slice(2, -1).map((line) => line.replace(/^(Alice|Bob) added /, ''));
    assert.deepEqual(joins.sort(), added.map(({ name }) => name).sort());
  },
};

/** Renames until the call says that it is done: whoever serves it may be dead for a while. */
async function rename(groups: GroupsApi, groupId: string, title: string): Promise<void> {
  const key = groups.makeKey();
  const isDone = async (): Promise<boolean> => (await codeOf(groups.change(groupId, { title }, key))) === 'no error';
  await until(isDone, { what: `the name ${title}`, timeoutMs: 60_000, everyMs: 100 });
}

export const changesAcrossCrashes: Scenario = {
  name: 'a group whose changes are committed while the API is killed: none is lost, doubled or out of order',
  async run(world) {
    const alice = await groupPerson(world, 'Alice', 0);
    const bob = await groupPerson(world, 'Bob', 1);
    const { groupId } = await alice.groups.make({ title: 'Hike', memberIds: [bob.userId] });
    const titles = Array.from({ length: 30 }, (_, index) => `Title ${index}`);
    let crashes: Promise<void> = Promise.resolve();
    for (const [index, title] of titles.entries()) {
      const renamed = rename(alice.groups, groupId, title);
      if (index % 12 === 7) crashes = crashes.then(() => world.crashApi());
      await renamed;
    }
    await crashes;
    const expected = ["Alice created Alice Bob 'Hike'", ...titles.map((title) => `Alice renamed '${title}'`)];
    for (const one of [alice, bob]) await sees(groupId, one.client, [alice, bob], expected);
  },
};
