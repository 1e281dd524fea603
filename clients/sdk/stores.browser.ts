/// <reference lib="dom" />
/**
 * Stores of a client in a browser, in one IndexedDB database of a device.
 *
 * ```ts
 * const { cursors, outbox, tokens } = await openBrowserStores('parley');
 * ```
 *
 * Entries of the outbox have a growing number as their key, so that they are read in the order in which they were put. What may not
 * be lost is written with strict durability; an older cursor only fetches more. Transactions of one database take effect in the
 * order in which they are made.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { TokenStore, Tokens } from './account.ts';
import { type Cursor, type CursorStore, copyOf, type OutboxEntry, type OutboxStore } from './stores.ts';

export interface BrowserStores {
  readonly cursors: CursorStore;
  readonly outbox: OutboxStore;
  readonly tokens: TokenStore;
  close(): void;
}

type StoreName = 'cursors' | 'outbox' | 'tokens';

const schemaVersion = 1;
const tokensKey = 'tokens';
const byMessageId = 'messageId';

/** @throws DOMException where pages may keep nothing, such as in some private windows */
export async function openBrowserStores(name: string): Promise<BrowserStores> {
  const opening = indexedDB.open(name, schemaVersion);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore('cursors', { keyPath: 'conversationId' });
    opening.result.createObjectStore('outbox', { autoIncrement: true }).createIndex(byMessageId, byMessageId);
    opening.result.createObjectStore('tokens');
  };
  const database = await answerOf(opening);
  // A page with a newer build may change the database; this one says so at its next call.
  database.onversionchange = () => database.close();
  return {
    cursors: new BrowserCursorStore(database),
    outbox: new BrowserOutboxStore(database),
    tokens: new BrowserTokenStore(database),
    close: () => database.close(),
  };
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Resolves when what `work` asked for is kept, and rejects if none of it is. */
function change(
  database: IDBDatabase,
  name: StoreName,
  durability: IDBTransactionDurability,
  work: (store: IDBObjectStore) => Promise<unknown> | unknown,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(name, 'readwrite', { durability });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    const begin = async () => work(transaction.objectStore(name));
    begin().catch((error: unknown) => {
      reject(error);
      transaction.abort(); // Or the half that was asked for would be kept.
    });
  });
}

class BrowserCursorStore implements CursorStore {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async load(): Promise<readonly Cursor[]> {
    return answerOf<Cursor[]>(this.#database.transaction('cursors').objectStore('cursors').getAll());
  }

  save(cursors: readonly Cursor[]): Promise<void> {
    return change(this.#database, 'cursors', 'relaxed', (store) => {
      for (const { conversationId, seq, atMs } of cursors) store.put({ conversationId, seq, atMs });
    });
  }
}

class BrowserOutboxStore implements OutboxStore {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async load(): Promise<readonly OutboxEntry[]> {
    return answerOf<OutboxEntry[]>(this.#database.transaction('outbox').objectStore('outbox').getAll());
  }

  put(entry: OutboxEntry): Promise<void> {
    const copy = copyOf(entry);
    return change(this.#database, 'outbox', 'strict', async (store) => {
      const place = await placeOf(store, copy.messageId);
      if (place === undefined) store.add(copy);
      else store.put(copy, place);
    });
  }

  replace(messageId: string, entry: OutboxEntry): Promise<void> {
    const copy = copyOf(entry);
    return change(this.#database, 'outbox', 'strict', async (store) => {
      store.add(copy);
      const place = await placeOf(store, messageId);
      if (place !== undefined) store.delete(place);
    });
  }

  remove(messageId: string): Promise<void> {
    return change(this.#database, 'outbox', 'strict', async (store) => {
      const place = await placeOf(store, messageId);
      if (place !== undefined) store.delete(place);
    });
  }
}

function placeOf(store: IDBObjectStore, messageId: string): Promise<IDBValidKey | undefined> {
  return answerOf(store.index(byMessageId).getKey(messageId));
}

class BrowserTokenStore implements TokenStore {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async load(): Promise<Tokens> {
    const store = this.#database.transaction('tokens').objectStore('tokens');
    const tokens = await answerOf<Tokens | undefined>(store.get(tokensKey));
    if (tokens === undefined) throw new ParleyError('unauthenticated', { detail: 'this device has no tokens' });
    return tokens;
  }

  save(tokens: Tokens): Promise<void> {
    return change(this.#database, 'tokens', 'strict', (store) => store.put({ ...tokens }, tokensKey));
  }
}
