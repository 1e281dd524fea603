import { decodeFrame, encodeFrame, type Frame } from '@parley/schemas/codec/frame-codec';
import { systemRandom } from '@parley/schemas/environment/system';
import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { FrameName, FrameTypes } from '@parley/schemas/generated/wire';
import { describe, expect, it } from 'vitest';
import { ParleyClient } from './client.ts';
import { MemoryCursorStore, MemoryOutboxStore } from './stores.ts';
import type { Transport, TransportHandlers } from './transport.ts';

const [alice, bob, device, group] = [1, 2, 3, 4].map((n) => `${n}1111111-1111-4111-8111-111111111111`) as [
  string,
  string,
  string,
  string,
];
const limits = {
  ...{ max_frame_bytes: 131_072, max_body_bytes: 65_536, max_preview_chars: 200, max_page_entries: 200 },
  max_inbox_entries: 2_000,
  ...{ max_watched: 256, live_window: 64, messages_per_minute: 100, message_id_window_ms: 30_000 },
};

/** Takes every send, and knows nothing of the group when it is asked for its receipts. */
class Server implements Transport {
  queries = 0;
  isSilent = false;
  #handlers: TransportHandlers | null = null;
  readonly #time: VirtualTime;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  open(_url: string, _protocols: readonly string[], handlers: TransportHandlers) {
    this.#handlers = handlers;
    queueMicrotask(() => this.#hello());
    return {
      send: (bytes: Uint8Array) => queueMicrotask(() => this.#answer(decodeFrame(Buffer.from(bytes)))),
      close: () => undefined,
    };
  }

  tell<N extends FrameName>(name: N, body: FrameTypes[N]): void {
    this.#handlers?.received(encodeFrame(name, body));
  }

  lose(): void {
    this.#handlers?.closed(1006, 'lost');
  }

  #hello(): void {
    this.tell('hello', {
      ...{ connection_id: 1, user_id: alice, device_id: device, gateway_id: 'g1', server_time_ms: this.#time.nowMs() },
      ...{ heartbeat_interval_ms: 30_000, heartbeat_timeout_ms: 600_000, rules_version: 1, limits },
    });
  }

  #answer({ name, body }: Frame): void {
    if (name === 'send') {
      const place = { conversation_id: group, message_id: body.message_id };
      this.tell('accepted', { ...place, seq: 1, ordinal: 1, at_ms: this.#time.nowMs() });
    }
    if (name === 'inbox' && !this.isSilent) {
      this.tell('inbox_page', { request_id: body.request_id, entries: [], next: null });
    }
    if (name !== 'receipt_query') return;
    this.queries++;
    const about = { request_id: body.request_id, message_id: null, retry_after_ms: null };
    this.tell('error', { code: 'not_found', message: 'There is nothing by that name.', ...about });
  }
}

const connect = async () => {
  const time = new VirtualTime(1_900_000_000_000);
  const server = new Server(time);
  const client = new ParleyClient({
    urls: ['ws://g1'],
    credentials: { userId: alice, accessToken: async () => 'token' },
    ...{ deviceId: device, transport: server, cursors: new MemoryCursorStore(), outbox: new MemoryOutboxStore() },
    ...{ clock: time, timers: time, random: systemRandom },
  });
  let synced = 0;
  client.on('synced', () => synced++);
  await client.start();
  await time.advance(10);
  return { time, server, client, synced: () => synced };
};

describe('a user who is not in a group any more, with a message of it that waits for receipts', () => {
  it('asks for them once, and syncs as ever', async () => {
    const { time, server, client, synced } = await connect();
    await client.send({ conversationId: group, encryptedBody: Buffer.from('hello') });
    await time.advance(10);
    server.tell('receipt', { conversation_id: group, user_id: bob, kind: 'delivered', seq: 1, at_ms: 0 });
    await time.advance(60_000);
    expect(server.queries).toBe(1);
    server.lose();
    await time.advance(5_000);
    expect([server.queries, synced()]).toEqual([1, 2]);
  });
});

describe('syncs that fail', () => {
  it('are followed by one that tries again, however many they are', async () => {
    const { time, server, client } = await connect();
    server.isSilent = true;
    for (let i = 0; i < 10; i++) server.tell('resync', { reason: 'slow_device' });
    let failures = 0;
    client.on('error', () => failures++);
    await time.advance(15_000);
    const [first] = [failures];
    await time.advance(60_000);
    expect(first).toBeGreaterThan(0);
    expect(failures - first).toBeLessThanOrEqual(4);
  });
});
