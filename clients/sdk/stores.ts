/** What a client must keep across restarts, as ports: its cursors and the messages that have no verdict yet. */
import type { MessageType } from '@parley/schemas/generated/wire';

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
}

export interface OutboxEntry {
  readonly messageId: string;
  readonly message: OutgoingMessage;
  /** False until it was put on a wire once: only then may a server know the id. */
  readonly transmitted: boolean;
}

export interface OutboxStore {
  load(): Promise<readonly OutboxEntry[]>;
  put(entry: OutboxEntry): Promise<void>;
  remove(messageId: string): Promise<void>;
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
    this.#entries.set(entry.messageId, entry);
  }

  async remove(messageId: string): Promise<void> {
    this.#entries.delete(messageId);
  }
}
