/** A real MLS group of three over Parley: keys, commits that meet, members who come and go, and a new generation (design rule 22). */
import assert from 'node:assert/strict';
import { systemRandom } from '@parley/schemas/environment/system';
import type { Verdict } from '@parley/sdk/events';
import { GroupsApi } from '@parley/sdk/groups';
import { KeysApi } from '@parley/sdk/keys';
import { MlsDevice } from '../mls/mls-device.ts';
import { until } from '../services/until.ts';
import type { RegisteredDevice } from '../world/people.ts';
import type { World } from '../world/world.ts';
import type { Scenario } from './scenario.ts';

const codeOf = (verdict: Verdict): string => (verdict.kind === 'refused' ? verdict.code : verdict.kind);

function seqOf(verdict: Verdict): number {
  assert.equal(codeOf(verdict), 'accepted');
  return verdict.kind === 'accepted' ? verdict.seq : 0;
}

async function deviceIn(world: World, groupId: string, device: RegisteredDevice, gateway: number): Promise<MlsDevice> {
  const client = await world.client(device, { gateway }).online();
  return MlsDevice.open(client, new KeysApi(world.apiUrl, device.credentials), groupId);
}

/** All of them apply everything up to a seq, and are in the same epoch with the same secrets. */
async function agree(devices: readonly MlsDevice[], seq: number): Promise<void> {
  for (const device of devices) await device.apply(seq);
  const [first, ...others] = devices;
  for (const other of others) assert.deepEqual([other.epoch, other.fingerprint], [first!.epoch, first!.fingerprint]);
}

async function systemMessage(device: MlsDevice, kind: string): Promise<number> {
  const { client, conversationId } = device;
  const found = await until(
    () => client.messages(conversationId).findLast(({ system }) => system?.kind === kind) ?? null,
    { what: `a system message ${kind}`, timeoutMs: 20_000, everyMs: 5 },
  );
  await device.apply(found.seq);
  return found.seq;
}

export const mlsGroupOfThree: Scenario = {
  name: 'mls group of three',
  async run(world) {
    const [alice, bob, carol] = [await world.person('Alice'), await world.person('Bob'), await world.person('Carol')];
    const groups = new GroupsApi(world.apiUrl, alice.first.credentials, systemRandom);
    const memberIds = [bob.userId, carol.userId];
    const { groupId } = await groups.make({ title: 'Three of us', memberIds });
    const a = await deviceIn(world, groupId, alice.first, 0);
    const b = await deviceIn(world, groupId, bob.first, 1);
    const c = await deviceIn(world, groupId, carol.first, 0);
    const low: string[] = [];
    b.client.client.on('keysLow', ({ kind, held }) => low.push(`${kind} ${held}`));
    for (const device of [b, c]) await device.handInPackages(3);
    await systemMessage(a, 'created');

    // The first commit of the group adds the two, each of whom gets a welcome that nobody else can read.
    await a.begin();
    seqOf(await a.add(memberIds));
    await until(() => low.length > 0, { what: 'a notice that keys run low', timeoutMs: 20_000 });
    assert.deepEqual(low, ['key_package 2']);
    const hello = seqOf(await a.say('hello'));
    await agree([a, b, c], hello);
    assert.deepEqual([b.heard, c.heard], [['hello'], ['hello']]);
    const welcomes = (device: MlsDevice) =>
      device.client
        .messages(groupId)
        .filter(({ mls }) => mls?.kind === 'welcome')
        .map(({ mls, encrypted_body }) => [mls!.recipient_id === device.userId, encrypted_body.length > 0]);
    for (const device of [a, b, c]) for (const [isMine, hasBody] of welcomes(device)) assert.equal(hasBody, isMine);

    // Two members commit for the same epoch: one is accepted, and the other makes the commit anew for the next.
    const both = await Promise.all([b.commit(), c.commit()]);
    assert.deepEqual(both.map(({ verdict }) => codeOf(verdict)).sort(), ['accepted', 'epoch_conflict']);
    const [winner, loser] = both[0]!.verdict.kind === 'accepted' ? [b, c] : [c, b];
    await loser.apply(Math.max(...both.map(({ verdict }) => (verdict.kind === 'accepted' ? verdict.seq : 0))));
    assert.equal(loser.fingerprint, winner.fingerprint);
    await agree([a, b, c], seqOf((await loser.commit()).verdict));
    assert.equal(a.epoch, 3);
    await agree([a, b, c], seqOf(await b.say('after two commits')));
    assert.deepEqual([a.heard, c.heard], [['after two commits'], ['hello', 'after two commits']]);

    // A removal is seen by all, no commit passes without knowing of it, and until one does the group is pending.
    const before = a.order.position.seq;
    await groups.remove(groupId, carol.userId);
    const removal = await systemMessage(a, 'removed');
    await b.apply(removal);
    assert.ok(a.order.isPending && b.order.isPending);
    assert.equal(codeOf((await b.commit([], { afterSeq: before })).verdict), 'membership_stale');
    await agree([a, b], seqOf(await a.remove(carol.userId)));
    assert.ok(!a.order.isPending && !b.order.isPending);
    await agree([a, b], seqOf(await a.say('without Carol')));
    assert.equal(b.heard.at(-1), 'without Carol');
    assert.ok(c.client.messages(groupId).every(({ seq }) => seq <= removal));

    // A commit that is of no use is told, an admin opens the next generation, and another MLS group takes its place.
    const complaint = seqOf(await b.complain(b.epoch - 1));
    await a.apply(complaint);
    await groups.openMlsGeneration(groupId, 0);
    const renewed = await systemMessage(a, 'keys_renewed');
    await b.apply(renewed);
    assert.equal(codeOf((await b.commit([], { generation: 0, epoch: b.epoch })).verdict), 'epoch_conflict');
    await a.begin();
    seqOf(await a.add([bob.userId]));
    await agree([a, b], seqOf(await a.say('begun anew')));
    assert.equal(b.heard.at(-1), 'begun anew');
    assert.deepEqual(b.order.position, { ...a.order.position });
    for (const device of [a, b, c]) await device.client.offline();
  },
};
