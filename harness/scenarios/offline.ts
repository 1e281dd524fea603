/** Somebody is away: a push goes out, nothing is lost, and a later sync brings all of it in order. */
import assert from 'node:assert/strict';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { until } from '../services/until.ts';
import type { Scenario } from './scenario.ts';

export const offlineThenSync: Scenario = {
  name: 'offline then sync',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const conversation = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first).online();
    const texts = ['Happy', 'Birthday', '!'];
    for (const text of texts)
      await a.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from(text), preview: text });
    await until(() => world.pushes.some((push) => push.deviceId === bob.first.deviceId && push.seq === texts.length), {
      what: 'a push for the device that was away',
      timeoutMs: 20_000,
    });
    assert.deepEqual(a.statuses.get(a.sent[0]!.messageId), ['sent']);
    const b = world.client(bob.first);
    await b.online();
    assert.deepEqual(b.bodies(conversation), texts);
    for (const sent of a.sent) await a.status(sent.messageId, 'delivered');
    assert.equal(world.pushes.filter((push) => push.deviceId === alice.first.deviceId).length, 0);
    await a.offline();
    await b.offline();
  },
};

export const connectInTheMiddleOfABurst: Scenario = {
  name: 'connect in the middle of a burst',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const conversation = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first, { gateway: 0 }).online();
    const b = world.client(bob.first, { gateway: 1 });
    const count = 80;
    for (let index = 0; index < count; index++) {
      await a.send({ peerId: bob.userId, encryptedBody: Buffer.from(`burst ${index}`) });
      if (index === count / 2) void b.online();
    }
    await b.holds(conversation, count);
    assert.deepEqual(
      b.bodies(conversation),
      Array.from({ length: count }, (_, index) => `burst ${index}`),
    );
    await a.offline();
    await b.offline();
  },
};

export const threeDevicesOfOneUser: Scenario = {
  name: 'three devices of one user',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const conversation = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first).online();
    const phone = await world.client(bob.first, { gateway: 0 }).online();
    const desktop = await world.client(await world.device(bob, 'desktop'), { gateway: 1 }).online();
    const tablet = world.client(await world.device(bob, 'tablet'));
    await a.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from('to all of you') });
    const own = await phone.sendAndWait({ peerId: alice.userId, encryptedBody: Buffer.from('from my phone') });
    const expected = ['to all of you', 'from my phone'];
    for (const device of [phone, desktop, a]) {
      await device.holds(conversation, 2);
      assert.deepEqual(device.bodies(conversation), expected);
    }
    assert.equal(own.kind, 'accepted');
    await until(() => world.pushes.some((push) => push.deviceId === tablet.device.deviceId && push.seq === 1), {
      what: 'a push for the device that was away only',
      timeoutMs: 20_000,
    });
    await tablet.online();
    assert.deepEqual(tablet.bodies(conversation), expected);
    assert.deepEqual(
      [...new Set(world.pushes.filter((one) => one.userId === bob.userId).map((one) => one.deviceId))],
      [tablet.device.deviceId],
    );
    for (const client of [a, phone, desktop, tablet]) await client.offline();
  },
};

export const tenThousandMessagesOfBacklog: Scenario = {
  name: '10,000 messages of backlog',
  async run(world) {
    const bob = await world.person('Bob');
    const senders = await Promise.all(Array.from({ length: 4 }, (_, index) => world.person(`Sender ${index}`)));
    const each = 2_500;
    await Promise.all(
      senders.map(async (sender) => {
        const client = await world.client(sender.first).online();
        for (let index = 0; index < each; index++) {
          await client.send({ peerId: bob.userId, encryptedBody: Buffer.from(String(index)) });
        }
        await until(() => client.client.pendingCount === 0, { what: 'verdicts of the backlog', timeoutMs: 120_000 });
        await client.offline();
      }),
    );
    const b = world.client(bob.first);
    await b.online(120_000);
    for (const sender of senders) {
      const conversation = directConversationId(sender.userId, bob.userId);
      assert.equal(b.messages(conversation).length, each);
      assert.deepEqual(
        b.messages(conversation).map((message) => message.seq),
        Array.from({ length: each }, (_, index) => index + 1),
      );
      assert.deepEqual(
        b.bodies(conversation),
        Array.from({ length: each }, (_, index) => String(index)),
      );
    }
    await b.offline();
  },
};
