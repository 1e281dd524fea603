/** What every set of client stores promises, whether it lives in memory, in files or in IndexedDB. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenStore, Tokens } from './account.ts';
import type { CursorStore, OutboxEntry, OutboxStore } from './stores.ts';

export interface StoresUnderTest {
  readonly cursors: CursorStore;
  readonly outbox: OutboxStore;
  readonly tokens: TokenStore;
}

export interface StoresWorld {
  /** The stores of one new device. */
  open(): Promise<StoresUnderTest>;
  /** The same after the program ended without a word and was started again. */
  restart(): Promise<StoresUnderTest>;
  close(): Promise<void>;
}

export function entry(messageId: string, body: readonly number[] = [1], transmitted = false): OutboxEntry {
  return {
    messageId,
    transmitted,
    message: {
      conversationId: 'conversation',
      peerId: null,
      messageType: 'text',
      encryptedBody: Uint8Array.from(body),
      preview: 'p',
      mediaUrl: null,
      thumbnailUrl: null,
      replyTo: null,
      targetId: null,
      timerSeconds: 0,
      mls: null,
    },
  };
}

const tokensOf = (accessToken: string): Tokens => ({
  userId: 'u',
  deviceId: 'd',
  accessToken,
  accessExpiresAtMs: 1_700_000_000_000,
  refreshToken: 'r',
});

const idsOf = (entries: readonly OutboxEntry[]): string[] => entries.map(({ messageId }) => messageId);
const plain = (one: OutboxEntry) => ({
  ...one,
  message: { ...one.message, encryptedBody: [...one.message.encryptedBody] },
});

export function storesContract(name: string, makeWorld: () => StoresWorld): void {
  describe(`${name}: client stores`, () => {
    let world: StoresWorld;
    let stores: StoresUnderTest;

    beforeEach(async () => {
      world = makeWorld();
      stores = await world.open();
    });

    afterEach(() => world.close());

    it('are empty at first', async () => {
      expect(await stores.cursors.load()).toEqual([]);
      expect(await stores.outbox.load()).toEqual([]);
      await expect(stores.tokens.load()).rejects.toThrow(/unauthenticated/);
    });

    it('keep the last cursor of every conversation across a restart', async () => {
      const cursor = (conversationId: string, seq: number) => ({ conversationId, seq, atMs: seq * 10 });
      await stores.cursors.save([cursor('a', 1), cursor('b', 7)]);
      await stores.cursors.save([cursor('a', 2)]);
      for (const seq of [3, 4, 5]) void stores.cursors.save([cursor('a', seq)]);
      await stores.cursors.save([cursor('a', 6)]);
      const kept = await (await world.restart()).cursors.load();
      expect([...kept].sort((x, y) => (x.conversationId < y.conversationId ? -1 : 1))).toEqual([
        cursor('a', 6),
        cursor('b', 7),
      ]);
    });

    it('keep every field of a message, and any bytes', async () => {
      const one: OutboxEntry = {
        messageId: 'm',
        transmitted: true,
        message: { ...entry('m', [0, 255, 128, 10]).message, peerId: 'p', replyTo: 'r', targetId: 't', mediaUrl: 'u' },
      };
      await stores.outbox.put(one);
      const [kept] = await (await world.restart()).outbox.load();
      expect(plain(kept!)).toEqual(plain(one));
    });

    it('rule 1: keep the order in which messages were handed over, not that of their ids', async () => {
      for (const id of ['c', 'a', 'b']) await stores.outbox.put(entry(id));
      await stores.outbox.put(entry('a', [2], true));
      const kept = await (await world.restart()).outbox.load();
      expect(idsOf(kept)).toEqual(['c', 'a', 'b']);
      expect(kept.map(({ transmitted }) => transmitted)).toEqual([false, true, false]);
    });

    it('keep the order of calls that nobody waited for', async () => {
      const ids = Array.from({ length: 20 }, (_, index) => `m${20 - index}`);
      await Promise.all(ids.map((id) => stores.outbox.put(entry(id))));
      await Promise.all([stores.outbox.put(entry('m20', [2], true)), stores.outbox.remove('m19')]);
      const kept = await stores.outbox.load();
      expect(idsOf(kept)).toEqual(ids.filter((id) => id !== 'm19'));
      expect(kept[0]!.transmitted).toBe(true);
    });

    it('write what the caller handed over, not what became of it later', async () => {
      const changing = { ...entry('m'), settle: () => undefined };
      const putting = stores.outbox.put(changing);
      changing.transmitted = true;
      await putting;
      expect(plain((await stores.outbox.load())[0]!)).toEqual(plain(entry('m')));
    });

    it('forget a message, also one that they do not know', async () => {
      await stores.outbox.put(entry('a'));
      await stores.outbox.put(entry('b'));
      await stores.outbox.remove('a');
      await stores.outbox.remove('unknown');
      expect(idsOf(await (await world.restart()).outbox.load())).toEqual(['b']);
    });

    it('rule 3: put a message under its new id at the end, and forget the old', async () => {
      for (const id of ['a', 'b']) await stores.outbox.put(entry(id));
      await stores.outbox.replace('a', entry('a2'));
      await stores.outbox.put(entry('a2', [1], true));
      await stores.outbox.replace('unknown', entry('c'));
      const again = await world.restart();
      expect(idsOf(await again.outbox.load())).toEqual(['b', 'a2', 'c']);
      await again.outbox.put(entry('d'));
      expect(idsOf(await again.outbox.load())).toEqual(['b', 'a2', 'c', 'd']);
    });

    it('keep the newest tokens', async () => {
      await stores.tokens.save(tokensOf('one'));
      await stores.tokens.save(tokensOf('two'));
      expect(await (await world.restart()).tokens.load()).toEqual(tokensOf('two'));
    });
  });
}
