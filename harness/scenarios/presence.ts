/** Who is here and who types: to those who may see it, for as long as it is true, also when a gateway dies. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { ContactsApi } from '@parley/sdk/contacts';
import { type Privacy, PrivacyApi } from '@parley/sdk/privacy';
import type { TypingEvent } from '@parley/sdk/typing';
import { until } from '../services/until.ts';
import type { Person } from '../world/people.ts';
import { RawClient } from '../world/raw-client.ts';
import type { RecordingClient } from '../world/recording-client.ts';
import type { World } from '../world/world.ts';
import type { Scenario } from './scenario.ts';

const patient = { timeoutMs: 20_000, everyMs: 10 };
/** A silent device is offline within this (design rule 19); the rest is for a machine that runs everything at once. */
const offlineWithinMs = 60_000;
const busyMs = 5_000;

const nothing = { status: 'offline', lastSeenMs: null };

/** What the client was told last of the user. */
async function told(client: RecordingClient, { userId, name }: Person): Promise<object> {
  const last = () => client.presence.findLast((one) => one.userId === userId);
  const { status, lastSeenMs } = await until(last, { what: `presence of ${name}`, ...patient });
  return { status, lastSeenMs };
}

async function toldAnew(client: RecordingClient, watched: Person): Promise<object> {
  client.presence.length = 0;
  client.client.watch([watched.userId]);
  return told(client, watched);
}

async function chooses(world: World, { first }: Person, change: Partial<Privacy>): Promise<void> {
  await new PrivacyApi(world.apiUrl, first.credentials).change(change);
}

export const presencePrivacy: Scenario = {
  name: 'who may see when somebody was last online',
  async run(world) {
    const [open, hidden, close, friend, other] = await Promise.all(
      ['Olga', 'Hugo', 'Clara', 'Fred', 'Otto'].map((name) => world.person(name)),
    );
    await chooses(world, hidden!, { lastSeen: 'nobody' });
    await chooses(world, close!, { lastSeen: 'contacts' });
    await new ContactsApi(world.apiUrl, close!.first.credentials).put([{ userId: friend!.userId, label: 'Fred' }]);
    const clients = new Map<Person, RecordingClient>();
    for (const [index, person] of [open!, hidden!, close!, friend!, other!].entries())
      clients.set(person, await world.client(person.first, { gateway: index % 2 }).online());
    const sees = async (viewer: Person, watched: Person, expected: object): Promise<void> => {
      assert.deepEqual(await toldAnew(clients.get(viewer)!, watched), expected, `${viewer.name} of ${watched.name}`);
    };
    const online = { status: 'online', lastSeenMs: null };
    await sees(friend!, open!, online);
    await sees(friend!, hidden!, nothing);
    await sees(hidden!, open!, nothing);
    await sees(friend!, close!, online);
    await sees(other!, close!, nothing);
    await sees(close!, friend!, online);
    await sees(close!, open!, nothing);
    for (const watched of [open!, close!, hidden!]) {
      for (const viewer of [friend!, other!]) clients.get(viewer)!.presence.length = 0;
      await clients.get(watched)!.offline();
    }
    assert.ok('lastSeenMs' in (await told(clients.get(friend!)!, close!)));
    const lastSeen = clients.get(friend!)!.presence.findLast(({ userId }) => userId === close!.userId)?.lastSeenMs;
    assert.ok(Math.abs(Date.now() - (lastSeen ?? 0)) < 60_000, `last seen ${lastSeen}`);
    for (const watched of [close!, hidden!]) {
      const shown = clients.get(other!)!.presence.filter(({ userId }) => userId === watched.userId);
      assert.ok(
        shown.every(({ status, lastSeenMs }) => status === 'offline' && lastSeenMs === null),
        `Otto is told of ${watched.name}`,
      );
    }
    for (const viewer of [friend!, other!]) await clients.get(viewer)!.offline();
  },
};

export const typingShown: Scenario = {
  name: 'typing and recording',
  async run(world) {
    const [alice, bob, mallory] = [
      await world.person('Alice'),
      await world.person('Bob'),
      await world.person('Mallory'),
    ];
    const conversation = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first, { gateway: 0 }).online();
    const b = await world.client(bob.first, { gateway: 1 }).online();
    const desktop = await world.client(await world.device(alice, 'desktop'), { gateway: 1 }).online();
    await a.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from('hi') });
    await b.holds(conversation, 1);
    const shown: TypingEvent[] = [];
    b.client.on('typing', (event) => shown.push(event));
    for (const own of [a, desktop]) own.client.on('typing', () => assert.fail('one is not shown what one does'));
    const kinds = (): string[] => shown.map(({ kind }) => kind);
    const shows = (count: number, timeoutMs: number) =>
      until(() => kinds().length >= count, { what: `${count} changes of typing`, timeoutMs, everyMs: 5 });
    const beganMs = Date.now();
    for (let stroke = 0; stroke < 20; stroke++) a.client.typing(conversation, 'writing');
    await shows(1, 10_000);
    console.log(`      shown on the other gateway within ${Date.now() - beganMs} ms`);
    assert.deepEqual(shown, [{ conversationId: conversation, userId: alice.userId, kind: 'writing' }]);
    await shows(2, 15_000);
    assert.deepEqual(kinds(), ['writing', 'stopped'], 'it ends by itself');
    a.client.typing(conversation, 'recording');
    await shows(3, 10_000);
    await a.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from('a voice message') });
    await shows(4, 3_000);
    assert.deepEqual(kinds(), ['writing', 'stopped', 'recording', 'stopped'], 'a message ends it');
    await b.holds(conversation, 2);
    const raw = await RawClient.connect(world.gatewayUrls[0]!, mallory.first.tokens().accessToken);
    raw.send('typing', { conversation_id: conversation, kind: 'writing' });
    await raw.frame('error', ({ code }) => code === 'not_a_member');
    assert.equal(shown.length, 4);
    raw.close();
    for (const client of [a, b, desktop]) await client.offline();
  },
};

export const tooManyFrames: Scenario = {
  name: 'too many frames are refused, and say when to go on',
  async run(world) {
    const alice = await world.person('Alice');
    const raw = await RawClient.connect(world.gatewayUrls[0]!, alice.first.tokens().accessToken);
    const ping = (): void => void raw.send('ping', { client_time_ms: 1 });
    for (let count = 0; count < 100; count++) ping();
    const answers = () => raw.of('pong').length + raw.of('error').length;
    await until(() => answers() === 100, { what: 'an answer to each', ...patient });
    assert.ok(raw.of('pong').length >= 60 && raw.of('pong').length < 70, `${raw.of('pong').length} answered`);
    for (const { code, retry_after_ms } of raw.of('error')) {
      assert.equal(code, 'rate_limited');
      assert.ok(
        retry_after_ms !== null && retry_after_ms > 0 && retry_after_ms <= 500,
        `retry after ${retry_after_ms}`,
      );
    }
    const before = raw.of('pong').length;
    await delay(raw.of('error').at(-1)!.retry_after_ms!);
    ping();
    await until(() => raw.of('pong').length > before, { what: 'an answer after the wait', ...patient });
    assert.equal(raw.closed, null);
    raw.close();
  },
};

export const gatewayKilled: Scenario = {
  name: 'a gateway that is killed shows its users offline within 60 s, once',
  async run(world) {
    const [alice, bob] = [await world.person('Alice'), await world.person('Bob')];
    const a = await world.client(alice.first, { gateway: 0 }).online();
    // Without an application that would connect again.
    await RawClient.connect(world.gatewayUrls[1]!, bob.first.tokens().accessToken);
    a.client.watch([bob.userId]);
    const steps = (): string[] =>
      a.presence
        .filter(({ userId }) => userId === bob.userId)
        .map(({ status }) => status)
        .filter((status, index, all) => status !== all[index - 1]);
    await until(() => steps().at(-1) === 'online', { what: 'Bob online', ...patient });
    const before = steps().length;
    const killedMs = Date.now();
    await world.crashGateway(1);
    await until(() => steps().length > before, {
      what: 'Bob offline',
      timeoutMs: offlineWithinMs + busyMs,
      everyMs: 20,
    });
    console.log(`      offline after ${((Date.now() - killedMs) / 1_000).toFixed(1)} s`);
    await delay(10_000);
    assert.deepEqual(steps().slice(before), ['offline'], 'offline, and nothing after it');
    await a.offline();
  },
};
