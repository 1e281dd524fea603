/** Keys of devices: one asker each, and a change that everybody learns of who writes with their user, live or later. */
import assert from 'node:assert/strict';
import { KeysApi } from '@parley/sdk/keys';
import { until } from '../services/until.ts';
import type { Scenario } from './scenario.ts';

const key = (keyId: number) => ({ keyId, key: Buffer.from(`key ${keyId}`) });

export const keysOfDevices: Scenario = {
  name: 'keys of devices',
  async run(world) {
    const [alice, bob, carol] = [await world.person('Alice'), await world.person('Bob'), await world.person('Carol')];
    const keys = [alice, bob, carol].map(({ first }) => new KeysApi(world.apiUrl, first.credentials));
    const [ofAlice, ofBob, ofCarol] = keys as [KeysApi, KeysApi, KeysApi];

    // However many ask at the same time, each gets a key of its own, and in the end the one of last resort.
    await ofAlice.handIn('prekey', [key(0), key(1), key(2), key(3)], key(99));
    const claims = await Promise.all(
      [0, 1, 2].flatMap(() => [ofBob, ofCarol].map((one) => one.claim(alice.userId, 'prekey'))),
    );
    const claimed = claims.map(({ devices }) => devices[0]!.key!);
    const once = claimed.filter(({ isLastResort }) => !isLastResort).map(({ keyId }) => keyId);
    assert.equal(new Set(once).size, once.length);
    assert.ok(claimed.every(({ keyId, isLastResort }) => isLastResort === (keyId === 99)));
    const [supply] = await ofAlice.supplies();
    assert.equal(supply!.held, 4 - once.length);
    assert.ok(supply!.isLow && supply!.hasLastResort);

    // Bob writes with Alice and is online; Carol writes with her and is not.
    const b = await world.client(bob.first, { gateway: 1 }).online();
    const changes: { userId: string; identityVersion: number }[] = [];
    b.client.on('identityChanged', (change) => changes.push(change));
    for (const [person, client] of [
      [bob, b],
      [carol, await world.client(carol.first).online()],
    ] as const) {
      const verdict = await client.sendAndWait({ peerId: alice.userId, encryptedBody: Buffer.from(person.name) });
      assert.equal(verdict.kind, 'accepted');
      if (person === carol) await client.offline();
    }
    const known = (await ofCarol.identityOf(alice.userId)).identityVersion;
    const version = await ofAlice.replaceIdentity(Buffer.from('identity'), Buffer.from('signed'));
    const last = () => changes.findLast(({ userId }) => userId === alice.userId)?.identityVersion ?? 0;
    await until(() => last() === version, { what: 'a notice of the new identity', timeoutMs: 20_000, everyMs: 5 });
    await world.device(alice, 'tablet');
    await until(() => last() > version, { what: 'a notice of the new device', timeoutMs: 20_000, everyMs: 5 });
    const now = await ofCarol.versionsOf([alice.userId, bob.userId]);
    assert.ok(now.get(alice.userId)! > known);
    const { devices, identityVersion } = await ofCarol.identityOf(alice.userId);
    assert.equal(identityVersion, now.get(alice.userId));
    assert.equal(devices.length, 2);
    assert.equal(
      Buffer.from(devices.find(({ deviceId }) => deviceId === alice.first.deviceId)!.identityKey!).toString(),
      'identity',
    );
    await b.offline();
  },
};
