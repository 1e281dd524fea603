import { systemRandom } from '@parley/schemas/environment/system';
import { settle, VirtualTime } from '@parley/schemas/environment/virtual-time';
import { expect, it } from 'vitest';
import { ParleyClient } from './client.ts';
import { alice, device, fromBob, Server } from './server.fixture.ts';
import { MemoryCursorStore, MemoryOutboxStore } from './stores.ts';

const group = '96009000-0000-4000-8000-000000000005';

it('asks once for the row of a group that it meets in the middle, and counts by it', async () => {
  const time = new VirtualTime(1_700_000_000_000);
  const server = new Server(time);
  const client = new ParleyClient({
    urls: ['ws://one'],
    credentials: { userId: alice, accessToken: async () => 'token' },
    ...{ deviceId: device, transport: server, cursors: new MemoryCursorStore(), outbox: new MemoryOutboxStore() },
    ...{ clock: time, timers: time, random: systemRandom },
  });
  await client.start();
  await settle(100);
  server.silentInbox = true;
  for (const seq of [7, 8]) server.tell('message', { message: { ...fromBob(seq), conversation_id: group } });
  await settle(100);
  const asked = server.of('inbox').filter(({ limit }) => limit === 1);
  expect(asked).toMatchObject([{ after: '96009000-0000-4000-8000-000000000004' }]);
  const entry = {
    ...{ conversation_id: group, conversation_type: 'group' as const, other_user_id: null, group_id: group },
    ...{ last_message_preview: null, last_message_at_ms: 5, last_seq: 8, read_seq: 0, unread_count: 3, left_seq: null },
    ...{ last_ordinal: 8, seen_ordinal: 5, marks: [] },
  };
  server.tell('inbox_page', { request_id: asked[0]!.request_id, entries: [entry], next: null });
  await settle(100);
  expect(client.list.get(group)).toMatchObject({ unreadCount: 3, lastSeq: 8 });
  server.tell('message', { message: { ...fromBob(9), conversation_id: group } });
  await settle(100);
  expect(client.list.get(group)).toMatchObject({ unreadCount: 4 });
  await client.stop();
});
