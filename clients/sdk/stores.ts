/** What a client must keep across restarts, as ports: its cursors and the messages that have no verdict yet; tokens in account.ts. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { MessageType } from '@parley/schemas/generated/wire';
import type { TokenStore, Tokens } from './account.ts';
import type { MlsMessage } from './mls-message.ts';

/** The highest seq below which this device lacks nothing, and T of the message there. */
export interface Cursor {
  readonly conversationId: string;
  readonly seq: number;
  readonly atMs: number;
}

export interface CursorStore {
  load(): Promise<readonly Cursor[]>;
  /** Called after the application has taken the messages up to the cursors. */
  save(cursors: readonly Cursor[]): Promise<void>;
}

/** A message as it was handed to `send`. */
export interface OutgoingMessage {
  readonly conversationId: string;
  readonly peerId: string | null;
  readonly messageType: MessageType;
  readonly encryptedBody: Uint8Array;
  readonly preview: string | null;
  readonly mediaUrl: string | null;
  readonly thumbnailUrl: string | null;
  readonly replyTo: string | null;
  readonly targetId: string | null;
  readonly timerSeconds: number;
  /** Of a message of the key agreement; null for all others. */
  readonly mls: MlsMessage | null;
}

export interface OutboxEntry {
  readonly messageId: string;
  readonly message: OutgoingMessage;
  /** False until it was put on a wire once: only then may a server know the id. */
  readonly transmitted: boolean;
}

/** A call resolves when what it wrote survives the end of the program; calls take effect in the order in which they are made. */
export interface OutboxStore {
  /** In the order in which the entries were first put. */
  load(): Promise<readonly OutboxEntry[]>;
  /** Adds the entry at the end, or changes the one of the same id where it stands. */
  put(entry: OutboxEntry): Promise<void>;
  /** One entry in the place of another, at the end; never both, never neither, whatever dies in between. */
  replace(messageId: string, entry: OutboxEntry): Promise<void>;
  remove(messageId: string): Promise<void>;
}

/** Only what belongs to an entry: clients hand over objects that hold more, and change them later. */
export function copyOf({ messageId, message, transmitted }: OutboxEntry): OutboxEntry {
  return { messageId, message: { ...message }, transmitted };
}

/** For clients that need not survive a restart, and for tests. */
export class MemoryCursorStore implements CursorStore {
  readonly #cursors = new Map<string, Cursor>();

  async load(): Promise<readonly Cursor[]> {
    return [...this.#cursors.values()];
  }

  async save(cursors: readonly Cursor[]): Promise<void> {
    for (const cursor of cursors) this.#cursors.set(cursor.conversationId, cursor);
  }
}

export class MemoryOutboxStore implements OutboxStore {
  readonly #entries = new Map<string, OutboxEntry>();

  async load(): Promise<readonly OutboxEntry[]> {
    return [...this.#entries.values()];
  }

  async put(entry: OutboxEntry): Promise<void> {
    this.#entries.set(entry.messageId, copyOf(entry));
  }

  async replace(messageId: string, entry: OutboxEntry): Promise<void> {
    this.#entries.delete(messageId);
    await this.put(entry);
  }

  async remove(messageId: string): Promise<void> {
    this.#entries.delete(messageId);
  }
}

export class MemoryTokenStore implements TokenStore {
  #tokens: Tokens | null;

  constructor(tokens: Tokens | null) {
    this.#tokens = tokens;
  }

  async load(): Promise<Tokens> {
    if (this.#tokens === null) throw new ParleyError('unauthenticated', { detail: 'this device has no tokens' });
    return this.#tokens;
  }

  async save(tokens: Tokens): Promise<void> {
    this.#tokens = tokens;
  }
}
