/**
 * The outbox in a folder: each message a file of its own, whose name is its place in the order.
 *
 * An entry that takes the place of another names it until the other's file is gone, so that a crash leaves one of the two.
 */
import { readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { InOrder, replaceFile, syncFolder } from './durable-file.ts';
import { copyOf, type OutboxEntry, type OutboxStore } from './stores.ts';

interface OutboxFile extends Omit<OutboxEntry, 'message'> {
  readonly message: Omit<OutboxEntry['message'], 'encryptedBody'> & { readonly encryptedBody: string };
  /** The entry that this one took the place of; if its file is still there, it does not count. */
  readonly replaces: string | null;
}

interface PlacedFile {
  readonly name: string;
  readonly place: number;
  readonly file: OutboxFile;
}

export class FileOutboxStore implements OutboxStore {
  readonly #folder: string;
  /** Where the entry stands, by message id. */
  readonly #places = new Map<string, number>();
  readonly #inOrder = new InOrder();
  #lastPlace = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<FileOutboxStore> {
    const store = new FileOutboxStore(folder);
    const files = await store.#read();
    const replaced = new Set(files.map(({ file }) => file.replaces));
    for (const { name, place, file } of files) {
      if (replaced.has(file.messageId)) await unlink(join(folder, name));
      else store.#places.set(file.messageId, place);
      store.#lastPlace = Math.max(store.#lastPlace, place);
    }
    return store;
  }

  async #read(): Promise<PlacedFile[]> {
    const names = (await readdir(this.#folder)).filter((name) => /^\d+\.json$/.test(name));
    const files: PlacedFile[] = [];
    // One at a time: ten thousand open files are more than most systems allow.
    for (const name of names.sort()) {
      const file = JSON.parse(await readFile(join(this.#folder, name), 'utf8')) as OutboxFile;
      files.push({ name, place: Number.parseInt(name, 10), file });
    }
    return files;
  }

  load(): Promise<readonly OutboxEntry[]> {
    return this.#inOrder.run(async () => (await this.#read()).map(({ file }) => fromFile(file)));
  }

  put(entry: OutboxEntry): Promise<void> {
    const copy = copyOf(entry);
    return this.#inOrder.run(() => this.#write(copy, null));
  }

  replace(messageId: string, entry: OutboxEntry): Promise<void> {
    const copy = copyOf(entry);
    return this.#inOrder.run(async () => {
      await this.#write(copy, messageId);
      await this.#remove(messageId);
      await syncFolder(this.#folder); // From here on a put may forget what the entry replaced.
    });
  }

  remove(messageId: string): Promise<void> {
    return this.#inOrder.run(() => this.#remove(messageId));
  }

  async #write(entry: OutboxEntry, replaces: string | null): Promise<void> {
    const place = this.#places.get(entry.messageId) ?? this.#lastPlace + 1;
    await replaceFile(this.#pathOf(place), JSON.stringify(toFile(entry, replaces)));
    this.#places.set(entry.messageId, place);
    this.#lastPlace = Math.max(this.#lastPlace, place);
  }

  /** Not synced: an entry that comes back is sent again under its id, and gets its first verdict. */
  async #remove(messageId: string): Promise<void> {
    const place = this.#places.get(messageId);
    if (place === undefined) return;
    await unlink(this.#pathOf(place));
    this.#places.delete(messageId);
  }

  #pathOf(place: number): string {
    return join(this.#folder, `${String(place).padStart(12, '0')}.json`);
  }
}

function toFile({ messageId, message, transmitted }: OutboxEntry, replaces: string | null): OutboxFile {
  const encryptedBody = Buffer.from(message.encryptedBody).toString('base64');
  return { messageId, transmitted, message: { ...message, encryptedBody }, replaces };
}

function fromFile({ messageId, message, transmitted }: OutboxFile): OutboxEntry {
  return {
    messageId,
    transmitted,
    message: { ...message, encryptedBody: Buffer.from(message.encryptedBody, 'base64') },
  };
}
