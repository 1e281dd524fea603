/**
 * `npm run demo`: two people talk over a standalone Parley, and the terminal shows what each of them would see.
 *
 * Every line is what really arrived, compared with what should have: the demo ends with an error if anything differs.
 */
import assert from 'node:assert/strict';
import type { WireMessage } from '@parley/schemas/generated/wire';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { until } from '../services/until.ts';
import { buildAll } from '../world/build.ts';
import { EmbeddedWorld } from '../world/embedded-world.ts';
import type { RecordingClient } from '../world/recording-client.ts';

const marks = { sent: '✓', delivered: '✓✓', read: '✓✓ (blue)' } as const;

function show(who: string, client: RecordingClient, names: ReadonlyMap<string, string>): void {
  const narrate = (text: string): void => console.log(`${who.padEnd(14)} ${text}`);
  client.client.on('messages', ({ messages }) => {
    for (const message of messages) narrate(`${names.get(message.sender_id)}: ${text(message)}`);
  });
  client.client.on('status', ({ messageId, status }) => {
    const sent = client.sent.find((one) => one.messageId === messageId);
    if (sent !== undefined) narrate(`${marks[status]} ${Buffer.from(sent.body).toString()}`);
  });
  client.client.on('connected', () => narrate('(connected)'));
  client.client.on('disconnected', ({ reconnectInMs }) =>
    narrate(reconnectInMs === null ? '(offline)' : '(connection lost)'),
  );
}

const text = (message: WireMessage): string => message.encrypted_body.toString();
const chapter = (title: string): void => console.log(`\n--- ${title}`);

async function play(world: EmbeddedWorld): Promise<void> {
  const alice = await world.person('Alice');
  const bob = await world.person('Bob');
  const names = new Map([alice, bob].map((person) => [person.userId, person.name]));
  const conversation = directConversationId(alice.userId, bob.userId);
  const a = world.client(alice.first);
  const b = world.client(bob.first);
  show('Alice', a, names);
  show('Bob', b, names);
  const say = (from: RecordingClient, to: { userId: string }, line: string) =>
    from.send({ peerId: to.userId, encryptedBody: Buffer.from(line), preview: line });

  chapter('both online');
  await a.online();
  await b.online();
  const first = await say(a, bob, 'Hey, are you free tonight?');
  await a.status(first.messageId, 'delivered');
  const [seen] = await b.holds(conversation, 1);
  b.client.markRead(conversation, seen!.seq, seen!.message_id);
  await a.status(first.messageId, 'read');
  const answer = await say(b, alice, 'Yes! At eight?');
  await b.status(answer.messageId, 'delivered');

  chapter('Bob goes offline');
  await b.offline();
  const away = await say(a, bob, 'Eight it is');
  await a.status(away.messageId, 'sent');
  await until(() => world.pushes.some((push) => push.deviceId === bob.first.deviceId), {
    what: 'a push to Bob',
    timeoutMs: 20_000,
  });
  console.log(`${'Bob’s phone'.padEnd(14)} [notification] New message from Alice`);

  chapter('Bob is back');
  await b.online();
  await a.status(away.messageId, 'delivered');

  chapter('Bob takes a second device');
  const laptop = world.client(await world.device(bob, 'laptop'));
  show('Bob’s laptop', laptop, names);
  await laptop.online();
  await laptop.holds(conversation, 3);
  const both = await say(a, bob, 'On both your screens');
  await laptop.holds(conversation, 4);
  await a.status(both.messageId, 'delivered');

  chapter('the server is killed between two messages');
  await world.crashGateway();
  const after = await say(a, bob, 'Did you get this one?');
  await a.status(after.messageId, 'delivered', 60_000);
  await laptop.holds(conversation, 5, 60_000);
  await b.holds(conversation, 5, 60_000);

  const expected = [
    'Hey, are you free tonight?',
    'Yes! At eight?',
    'Eight it is',
    'On both your screens',
    'Did you get this one?',
  ];
  for (const client of [a, b, laptop]) assert.deepEqual(client.bodies(conversation), expected);
}

await buildAll();
const world = await EmbeddedWorld.start();
try {
  await play(world);
  console.log('\nEverybody has the same five messages in the same order.');
} finally {
  await world.close();
}
