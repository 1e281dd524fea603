/**
 * Stores of a client on Node, in a folder of one device.
 *
 * ```ts
 * const { cursors, outbox, tokens } = await openFileStores('/var/lib/my-bot/parley');
 * ```
 *
 * Everything is on the disk, synced, when a call resolves. Cursors are lines appended to a journal, of which the last of a conversation
 * counts; it is written anew when most of it is out of date.
 */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { TokenStore, Tokens } from './account.ts';
import { InOrder, isMissing, replaceFile } from './durable-file.ts';
import { FileOutboxStore } from './outbox.file.ts';
import type { Cursor, CursorStore, OutboxStore } from './stores.ts';

export interface FileStores {
  readonly cursors: CursorStore;
  readonly outbox: OutboxStore;
  readonly tokens: TokenStore;
}

/** Only one client at a time may have a folder. What is in it is as private as the messages. */
export async function openFileStores(folder: string): Promise<FileStores> {
  const outbox = join(folder, 'outbox');
  await mkdir(outbox, { recursive: true, mode: 0o700 });
  return {
    cursors: await FileCursorStore.open(join(folder, 'cursors.jsonl')),
    outbox: await FileOutboxStore.open(outbox),
    tokens: new FileTokenStore(join(folder, 'tokens.json')),
  };
}

/** The journal may have so many lines that are out of date before it is written anew. */
const maxStaleLines = 1_000;

class FileCursorStore implements CursorStore {
  readonly #path: string;
  readonly #cursors: Map<string, Cursor>;
  readonly #inOrder = new InOrder();
  #lines: number;

  private constructor(path: string, cursors: Map<string, Cursor>) {
    this.#path = path;
    this.#cursors = cursors;
    this.#lines = cursors.size;
  }

  static async open(path: string): Promise<FileCursorStore> {
    const cursors = new Map<string, Cursor>();
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (isMissing(error)) return '';
      throw error;
    });
    for (const line of text.split('\n')) {
      const cursor = parseCursor(line);
      if (cursor !== null) cursors.set(cursor.conversationId, cursor);
    }
    const store = new FileCursorStore(path, cursors);
    await store.#writeAnew(); // A line that was cut off must not be continued by the next.
    return store;
  }

  async load(): Promise<readonly Cursor[]> {
    return [...this.#cursors.values()];
  }

  save(cursors: readonly Cursor[]): Promise<void> {
    return this.#inOrder.run(async () => {
      await appendFile(this.#path, cursors.map(lineOf).join(''), { mode: 0o600, flush: true });
      for (const cursor of cursors) this.#cursors.set(cursor.conversationId, cursor);
      this.#lines += cursors.length;
      if (this.#lines > 2 * this.#cursors.size + maxStaleLines) await this.#writeAnew();
    });
  }

  async #writeAnew(): Promise<void> {
    await replaceFile(this.#path, [...this.#cursors.values()].map(lineOf).join(''));
    this.#lines = this.#cursors.size;
  }
}

const lineOf = ({ conversationId, seq, atMs }: Cursor): string => `${JSON.stringify({ conversationId, seq, atMs })}\n`;

/** Null for the end of a line that was being written when the machine stopped: an older cursor only fetches more. */
function parseCursor(line: string): Cursor | null {
  try {
    return JSON.parse(line) as Cursor;
  } catch {
    return null;
  }
}

class FileTokenStore implements TokenStore {
  readonly #path: string;
  readonly #inOrder = new InOrder();

  constructor(path: string) {
    this.#path = path;
  }

  load(): Promise<Tokens> {
    return this.#inOrder.run(async () => {
      const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
        if (isMissing(error)) throw new ParleyError('unauthenticated', { detail: 'this device has no tokens' });
        throw error;
      });
      return JSON.parse(text) as Tokens;
    });
  }

  save(tokens: Tokens): Promise<void> {
    return this.#inOrder.run(() => replaceFile(this.#path, JSON.stringify(tokens)));
  }
}
