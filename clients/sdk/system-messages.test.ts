import { settle, VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { SystemChange, WireMessage } from '@parley/schemas/generated/wire';
import { expect, it } from 'vitest';
import { ParleyClient } from './client.ts';
import type { ClientEvents } from './events.ts';
import { alice, bob, conversation, device, fromBob, Server } from './server.fixture.ts';
import { MemoryCursorStore, MemoryOutboxStore } from './stores.ts';

const change: SystemChange = { kind: 'added', actor_id: bob, user_ids: [alice], text: null };

function system(seq: number): WireMessage {
  const nothing = { encrypted_body: Buffer.alloc(0), preview: null };
  return { ...fromBob(seq), ...nothing, message_type: 'system', system: { ...change, text: `${seq}` } };
}

it('a system message has its place like any other, and is told once more as what happened to the group', async () => {
  const time = new VirtualTime(1_700_000_000_000);
  const server = new Server(time);
  server.log = [system(1), fromBob(2), system(3)];
  const client = new ParleyClient({
    urls: ['ws://one'],
    credentials: { userId: alice, accessToken: async () => 'token' },
    ...{ deviceId: device, transport: server, cursors: new MemoryCursorStore(), outbox: new MemoryOutboxStore() },
    ...{ clock: time, timers: time, random: { next: () => 0.5, bytes: (length) => new Uint8Array(length) } },
  });
  const seqs: number[] = [];
  const told: Array<ClientEvents['system']> = [];
  client.on('messages', ({ messages }) => seqs.push(...messages.map(({ seq }) => seq)));
  client.on('system', (one) => told.push(one));
  await client.start();
  await settle(100);
  server.log.push(system(4));
  server.tell('message', { message: system(4) });
  server.tell('message', { message: system(4) });
  await settle(100);
  expect(seqs).toEqual([1, 2, 3, 4]);
  expect(told.map(({ seq, change: { text } }) => [seq, text])).toEqual([
    [1, '1'],
    [3, '3'],
    [4, '4'],
  ]);
  expect(told[0]).toMatchObject({ conversationId: conversation, change: { kind: 'added', actor_id: bob } });
  expect(server.of('delivered').at(-1)).toMatchObject({ conversation_id: conversation, seq: 4 });
  await client.stop();
});
