import { describe, expect, it } from 'vitest';
import { TestGateway } from '../fixtures/gateway.fixture.ts';
import type { FakeDevice } from '../fixtures/socket.fixture.ts';

/** A device that takes, acknowledges, freezes, fetches and syncs at random must end with every message, as the protocol says. */
async function playRandomly(seed: number): Promise<void> {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const gateway = new TestGateway({ liveWindow: 1 + random(4) });
  const { alice, bob, conversationId } = await gateway.pair();
  const device = new RandomDevice(gateway, bob, conversationId);
  for (let step = 0; step < 60; step++) {
    switch (random(7)) {
      case 0:
      case 1:
        gateway.publish(conversationId, 1 + random(3), alice.userId, [bob]);
        break;
      case 2:
        device.acknowledge();
        break;
      case 3:
        bob.isReading = false;
        break;
      case 4:
        if (!bob.isReading) bob.thaw();
        break;
      case 5:
        if (random(2) === 0) gateway.stores.gate.shut();
        else gateway.stores.gate.open();
        break;
      default:
        await gateway.settle();
    }
    await device.react();
  }
  gateway.stores.gate.open();
  if (!bob.isReading) bob.thaw();
  for (let round = 0; round < 20; round++) {
    await device.react();
    device.acknowledge();
    await gateway.seconds(1, bob);
  }
  const last = gateway.stores.conversations.get(conversationId)!.rows.length;
  expect({ seed, cursor: device.cursor }).toEqual({ seed, cursor: last });
}

/** Keeps a cursor as docs/PROTOCOL.md says. */
class RandomDevice {
  cursor = 0;
  readonly #gateway: TestGateway;
  readonly #device: FakeDevice;
  readonly #conversationId: string;
  readonly #buffer = new Set<number>();
  #handled = 0;
  #isFetching = false;

  constructor(gateway: TestGateway, device: FakeDevice, conversationId: string) {
    this.#gateway = gateway;
    this.#device = device;
    this.#conversationId = conversationId;
  }

  acknowledge(): void {
    if (this.cursor > 0) this.#device.say('delivered', { conversation_id: this.#conversationId, seq: this.cursor });
  }

  async react(): Promise<void> {
    await this.#gateway.settle();
    const { frames } = this.#device;
    for (; this.#handled < frames.length; this.#handled++) {
      const frame = frames[this.#handled]!;
      if (frame.name === 'message') this.#live(frame.body.message.seq);
      if (frame.name === 'resync') this.#device.say('inbox', { request_id: 1, after: null, limit: 100 });
      if (frame.name === 'inbox_page' && (frame.body.entries[0]?.last_seq ?? 0) > this.cursor) this.#fetch();
      if (frame.name === 'page') {
        this.#isFetching = false;
        if (frame.body.covered_from <= this.cursor + 1) this.cursor = Math.max(this.cursor, frame.body.covered_to);
        this.#advance();
        if (frame.body.more || this.#buffer.size > 0) this.#fetch();
      }
    }
  }

  #live(seq: number): void {
    if (seq > this.cursor) this.#buffer.add(seq);
    this.#advance();
    if (this.#buffer.size > 0) this.#fetch();
  }

  #advance(): void {
    while (this.#buffer.delete(this.cursor + 1)) this.cursor++;
    for (const seq of this.#buffer) if (seq <= this.cursor) this.#buffer.delete(seq);
  }

  #fetch(): void {
    if (this.#isFetching) return;
    this.#isFetching = true;
    const request = { request_id: 2, conversation_id: this.#conversationId, after_at_ms: 0, limit: 100 };
    this.#device.say('fetch', { ...request, after_seq: this.cursor });
  }
}

describe('catch-up', () => {
  it('rule 13: whatever the order of routes, pages and acknowledgements, the device ends up with everything', async () => {
    for (let seed = 1; seed <= 60; seed++) await playRandomly(seed);
  });
});
