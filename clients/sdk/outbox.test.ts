import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { describe, expect, it } from 'vitest';
import type { Verdict } from './events.ts';
import { defaultOutboxSettings, Outbox } from './outbox.ts';
import { Sending } from './sending.ts';
import { entry, storesContract } from './stores.contract.ts';
import { MemoryCursorStore, MemoryOutboxStore, MemoryTokenStore } from './stores.ts';

storesContract('memory', () => {
  const stores = {
    cursors: new MemoryCursorStore(),
    outbox: new MemoryOutboxStore(),
    tokens: new MemoryTokenStore(null),
  };
  // What is in memory survives only because the test holds it: the calls mean the same as elsewhere.
  return { open: async () => stores, restart: async () => stores, close: async () => undefined };
});

/** A disk that is full while `broken` is true. */
class FailingStore extends MemoryOutboxStore {
  broken = false;

  #check(): void {
    if (this.broken) throw new Error('disk full');
  }

  override async put(...args: Parameters<MemoryOutboxStore['put']>): Promise<void> {
    this.#check();
    return super.put(...args);
  }

  override async replace(...args: Parameters<MemoryOutboxStore['replace']>): Promise<void> {
    this.#check();
    return super.replace(...args);
  }

  override async remove(messageId: string): Promise<void> {
    this.#check();
    return super.remove(messageId);
  }
}

const { message } = entry('');

function setUp() {
  const time = new VirtualTime(1_700_000_000_000);
  const store = new FailingStore();
  const failures: string[] = [];
  const sent: string[] = [];
  const failed = (error: unknown) => void failures.push(String(error));
  let next = 0;
  const random = { next: () => 0.5, bytes: (length: number) => new Uint8Array(length).fill(next++) };
  const outbox = new Outbox(store, time, random, defaultOutboxSettings, failed);
  const sending = new Sending(
    outbox,
    {
      send: (frame) => sent.push(frame.message_id) > 0,
      repair: async () => undefined,
      accepted: () => undefined,
      refused: () => undefined,
      renamed: () => undefined,
      failed,
    },
    time,
  );
  return { time, store, outbox, sending, failures, sent };
}

describe('Outbox on a store that fails', () => {
  it('rule 1: sends nothing that could not be kept, and says so', async () => {
    const { store, outbox, sending, sent, time } = setUp();
    sending.connected();
    store.broken = true;
    await expect(sending.add(message)).rejects.toThrow('disk full');
    store.broken = false;
    await time.advance(30_000);
    expect(sent).toEqual([]);
    expect(outbox.size).toBe(0);
  });

  it('rule 3: puts no id on a wire that the store does not know to be on one', async () => {
    const { store, sending, sent, failures, time } = setUp();
    const { messageId } = await sending.add(message);
    store.broken = true;
    sending.connected();
    await time.advance(1_000);
    expect(sent).toEqual([]);
    expect(failures).toContain('Error: disk full');
    store.broken = false;
    await time.advance(11_000);
    // Its time had run out meanwhile: what is on the wire, once, is the id that the store knows.
    expect(sent).toHaveLength(1);
    expect(sent).not.toContain(messageId);
    expect((await store.load()).map((entry) => [entry.messageId, entry.transmitted])).toEqual([[sent[0], true]]);
  });

  it('rule 1: keeps the old id in the store and in memory alike where the store does not take the new one', async () => {
    const { store, outbox, sending, sent, failures, time } = setUp();
    const { messageId } = await sending.add(message);
    await time.advance(25_000);
    store.broken = true;
    sending.connected();
    await time.advance(10);
    expect(failures).toContain('Error: disk full');
    expect([...outbox.waiting()].map((one) => one.messageId)).toEqual([messageId]);
    store.broken = false;
    await time.advance(11_000);
    expect(sent).toHaveLength(1);
    // An id that stayed there would be sent once more by the next run of the application: the same message, twice.
    expect((await store.load()).map((kept) => kept.messageId)).toEqual(sent);
  });

  it('rule 3: tries a new id again after the store did not take it, on the same connection', async () => {
    const { store, sending, sent, time } = setUp();
    sending.connected();
    const { messageId } = await sending.add(message);
    await time.advance(10);
    store.broken = true;
    const code = 'out_of_window' as const;
    sending.refused({ conversation_id: message.conversationId, message_id: messageId, code });
    await time.advance(1_000);
    expect(sent).toEqual([messageId]);
    store.broken = false;
    await time.advance(11_000);
    expect(sent).toHaveLength(2);
    expect((await store.load()).map((kept) => kept.messageId)).toEqual([sent[1]]);
  });

  it('gives the verdict although the store cannot forget the message', async () => {
    const { store, sending, failures, time } = setUp();
    sending.connected();
    const { messageId, verdict } = await sending.add(message);
    await time.advance(10);
    store.broken = true;
    sending.accepted({ conversation_id: 'conversation', message_id: messageId, seq: 1, ordinal: 1, at_ms: 5 });
    const expected: Verdict = { kind: 'accepted', messageId, seq: 1, atMs: 5 };
    expect(await verdict).toEqual(expected);
    await time.advance(10);
    expect(failures).toContain('Error: disk full');
  });

  it('rule 3: gives a message that waited for a connection too long a new id before it is sent', async () => {
    const { store, sending, sent, time } = setUp();
    const { messageId } = await sending.add(message);
    await time.advance(25_000);
    sending.connected();
    await time.advance(10);
    expect(sent).toHaveLength(1);
    expect(sent[0]).not.toBe(messageId);
    expect((await store.load()).map((kept) => kept.messageId)).toEqual(sent);
  });
});
