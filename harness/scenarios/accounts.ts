/** Accounts: profiles and address books, a second device linked from the first, exports, and the end of an account. */
import assert from 'node:assert/strict';
import { systemRandom } from '@parley/schemas/environment/system';
import { hasCode } from '@parley/schemas/errors/parley-error';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { AccountApi } from '@parley/sdk/account';
import { ContactsApi } from '@parley/sdk/contacts';
import { DevicesApi } from '@parley/sdk/devices';
import { GroupsApi } from '@parley/sdk/groups';
import { OwnDataApi } from '@parley/sdk/own-data';
import { ProfilesApi } from '@parley/sdk/profiles';
import { until } from '../services/until.ts';
import { registeredDevice } from '../world/people.ts';
import { RawClient } from '../world/raw-client.ts';
import type { World } from '../world/world.ts';
import type { Scenario } from './scenario.ts';

/** From the call that revokes to the close that the device sees. */
const revokedWithinMs = 1_000;

async function refusedAs(call: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(call, (error: unknown) => hasCode(error, code as never));
}

async function closesWhileCalling(client: RawClient, call: () => Promise<void>): Promise<number> {
  const beganMs = performance.now();
  await call();
  assert.deepEqual(await client.ended(), { code: 4403, reason: 'device_revoked' });
  return performance.now() - beganMs;
}

export const revokedWithinASecond: Scenario = {
  name: 'a revoked device is disconnected within a second, and has nothing left',
  async run(world: World) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const devices = new DevicesApi(world.apiUrl, alice.first.credentials);
    const a = await world.client(alice.first).online();
    for (const [index, url] of world.gatewayUrls.entries()) {
      const tablet = await world.device(alice, `tablet ${index}`);
      const socket = await RawClient.connect(url, tablet.tokens().accessToken);
      const tookMs = await closesWhileCalling(socket, () => devices.revoke(tablet.deviceId));
      assert.ok(tookMs < revokedWithinMs, `closed after ${tookMs} ms on gateway ${index}`);
      console.log(`      revoked and closed on gateway ${index} within ${tookMs.toFixed(0)} ms`);
      await refusedAs(new AccountApi(world.apiUrl).refresh(tablet.tokens().refreshToken), 'device_revoked');
      await refusedAs(new DevicesApi(world.apiUrl, tablet.credentials).list(), 'device_revoked');
      const again = new RawClient(url, {
        protocols: ['parley.v1.avro'],
        headers: { authorization: `Bearer ${tablet.tokens().accessToken}` },
      });
      await until(() => again.refusedStatus, { what: 'the refusal of an upgrade', timeoutMs: 10_000, everyMs: 5 });
      assert.equal(again.refusedStatus, 401);
    }
    const b = await world.client(bob.first).online();
    await b.sendAndWait({ peerId: alice.userId, encryptedBody: Buffer.from('still there?'), preview: null });
    await a.holds(directConversationId(alice.userId, bob.userId), 1);
    assert.equal(a.ended, null, 'the device that revoked the others stays');
    const first = alice.first.deviceId;
    assert.deepEqual(
      (await devices.list()).map(({ deviceId }) => deviceId),
      [first],
    );
    const wrong = world.pushes.filter(({ userId, deviceId }) => userId === alice.userId && deviceId !== first);
    assert.equal(wrong.length, 0, 'nothing is pushed to a revoked device');
    await a.offline();
    await b.offline();
  },
};

export const secondDeviceIsLinked: Scenario = {
  name: 'a second device is linked by the code that the first one shows',
  async run(world: World) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const devices = new DevicesApi(world.apiUrl, alice.first.credentials);
    const api = new AccountApi(world.apiUrl);
    const laptop = { name: 'Laptop', platform: 'desktop', keyBundle: Buffer.from('keys'), pushToken: null } as const;
    const link = await devices.makeLink();
    assert.equal(await devices.linkedBy(link.linkId), null);
    await refusedAs(api.link('0000-0000-0000-0000', laptop), 'invalid_code');
    const tokens = await api.link(link.qr, laptop);
    assert.equal(tokens.userId, alice.userId);
    assert.equal(await devices.linkedBy(link.linkId), tokens.deviceId);
    await refusedAs(api.link(link.code, laptop), 'invalid_code');
    assert.equal((await devices.rename(tokens.deviceId, 'Work')).name, 'Work');
    assert.deepEqual(
      (await devices.list()).map(({ deviceId, name, isCurrent }) => [deviceId, name, isCurrent]),
      [
        [alice.first.deviceId, 'phone', true],
        [tokens.deviceId, 'Work', false],
      ],
    );
    const linked = await world.client(registeredDevice(tokens, api), { gateway: 1 }).online();
    const a = await world.client(alice.first, { gateway: 0 }).online();
    const conversation = directConversationId(alice.userId, bob.userId);
    await linked.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from('from the laptop'), preview: null });
    await a.holds(conversation, 1);
    assert.deepEqual(a.bodies(conversation), ['from the laptop']);
    await linked.offline();
    await a.offline();
  },
};

export const addressBook: Scenario = {
  name: 'profiles and contacts',
  async run(world: World) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const profiles = new ProfilesApi(world.apiUrl, bob.first.credentials);
    const picture = { about: 'By the sea', pictureUrl: 'https://example.org/bob.png' };
    const own = await profiles.change({ displayName: 'Bob B.', ...picture });
    assert.equal(own.phoneNumber, bob.phoneNumber);
    const seen = (await new ProfilesApi(world.apiUrl, alice.first.credentials).of([bob.userId])).get(bob.userId);
    assert.deepEqual(seen, { userId: bob.userId, displayName: 'Bob B.', ...picture, isDeleted: false });
    const contacts = new ContactsApi(world.apiUrl, alice.first.credentials);
    const national = `0${bob.phoneNumber.slice(3)}`;
    const found = await contacts.discover([national, '+41790000000', 'nonsense']);
    assert.deepEqual(
      found.filter(({ phoneNumber }) => phoneNumber === national),
      [{ userId: bob.userId, phoneNumber: national }],
    );
    await contacts.put([{ userId: bob.userId, label: 'Bób the Builder' }]);
    assert.deepEqual(await contacts.list({ search: 'BOB' }), {
      contacts: [{ userId: bob.userId, label: 'Bób the Builder' }],
      next: null,
    });
    await contacts.remove(bob.userId);
    assert.deepEqual((await contacts.list()).contacts, []);
    const flood = Array.from({ length: 10_000 }, (_, index) => `no number ${index}`);
    await refusedAs(contacts.discover(flood), 'rate_limited');
  },
};

export const ownDataIsExported: Scenario = {
  name: "an export holds the user's own data and messages",
  async run(world: World) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const a = await world.client(alice.first).online();
    const b = await world.client(bob.first).online();
    const conversation = directConversationId(alice.userId, bob.userId);
    const texts = Array.from({ length: 5 }, (_, index) => `mine ${index}`);
    for (const text of texts) {
      await a.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from(text), preview: text });
      await b.sendAndWait({ peerId: alice.userId, encryptedBody: Buffer.from('not mine'), preview: null });
    }
    await a.holds(conversation, 2 * texts.length);
    const data = new OwnDataApi(world.apiUrl, alice.first.credentials);
    const taken = await data.take();
    assert.equal(taken.profile.phone_number, alice.phoneNumber);
    assert.deepEqual(
      taken.conversations.map(({ conversation_id, last_seq }) => [conversation_id, last_seq]),
      [[conversation, 2 * texts.length]],
    );
    const bodies = taken.messages.map(({ encrypted_body }) => Buffer.from(encrypted_body, 'base64').toString());
    assert.deepEqual(bodies.reverse(), texts);
    assert.equal(taken.messages_complete, true);
    await data.take();
    await refusedAs(data.take(), 'rate_limited');
    await a.offline();
    await b.offline();
  },
};

export const accountIsDeleted: Scenario = {
  name: 'a deleted account is gone from all devices within a second, and leaves its groups',
  async run(world: World) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const web = await world.device(alice, 'web');
    const conversation = directConversationId(alice.userId, bob.userId);
    const b = await world.client(bob.first).online();
    const a = await world.client(alice.first).online();
    await a.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from('remember me'), preview: null });
    await b.holds(conversation, 1);
    await a.offline();
    const groups = new GroupsApi(world.apiUrl, alice.first.credentials, systemRandom);
    const group = await groups.make({ title: 'Walks', memberIds: [bob.userId] });
    await b.holds(group.groupId, 1);
    const sockets = await Promise.all(
      [alice.first, web].map((device, index) =>
        RawClient.connect(world.gatewayUrls[index % world.gatewayUrls.length]!, device.tokens().accessToken),
      ),
    );
    const data = new OwnDataApi(world.apiUrl, web.credentials);
    const code = await data.requestDeletion();
    assert.ok(code !== null);
    const beganMs = performance.now();
    await data.deleteAccount(code);
    for (const socket of sockets) assert.deepEqual(await socket.ended(), { code: 4403, reason: 'device_revoked' });
    const tookMs = performance.now() - beganMs;
    console.log(`      deleted and closed everywhere within ${tookMs.toFixed(0)} ms`);
    assert.ok(tookMs < revokedWithinMs, `closed after ${tookMs} ms`);
    const profiles = new ProfilesApi(world.apiUrl, bob.first.credentials);
    assert.deepEqual((await profiles.of([alice.userId])).get(alice.userId), {
      ...{ userId: alice.userId, displayName: '', about: null, pictureUrl: null, isDeleted: true },
    });
    const bobs = new GroupsApi(world.apiUrl, bob.first.credentials, systemRandom);
    await until(async () => (await bobs.get(group.groupId)).members.length === 1, {
      ...{ what: 'the group without Alice', timeoutMs: 10_000, everyMs: 50 },
    });
    assert.equal((await bobs.get(group.groupId)).members[0]?.role, 'admin');
    await until(() => b.messages(group.groupId).some(({ system }) => system?.kind === 'left'), {
      ...{ what: 'the message that Alice left', timeoutMs: 10_000, everyMs: 20 },
    });
    assert.deepEqual(b.bodies(conversation), ['remember me'], 'what she said stays with Bob');
    await b.offline();
  },
};
