/** An outbox in memory with the semantics of the one in SQL: for tests of relays, and the simulator. */
import type { DirectoryEventName } from './change.ts';
import type { Backlog, Lease, OutboxRow, RelayedOutbox } from './outbox.ts';

interface Conversation {
  readonly rows: (OutboxRow & { isSent: boolean })[];
  holder: string | null;
  untilMs: number;
}

export class MemoryOutbox implements RelayedOutbox {
  readonly #conversations = new Map<string, Conversation>();
  /** Told before a row is marked. */
  marking: (conversationId: string, version: number) => void = () => undefined;
  /** Asked at every read: how many rows that were sent are taken for unsent, as if their marks had been lost. */
  forgets: () => number = () => 0;

  /** What the directory has committed; versions come in their order. */
  commit(
    conversationId: string,
    row: { readonly version: number; readonly eventName: DirectoryEventName; readonly event: object },
    nowMs: number,
  ): void {
    const conversation = this.#conversations.get(conversationId) ?? { rows: [], holder: null, untilMs: 0 };
    this.#conversations.set(conversationId, conversation);
    conversation.rows.push({ ...row, event: { ...row.event }, createdAtMs: nowMs, isSent: false });
  }

  get isEmpty(): boolean {
    return [...this.#conversations.keys()].every((id) => this.#unsent(id).length === 0);
  }

  #unsent(conversationId: string): Conversation['rows'] {
    return this.#conversations.get(conversationId)!.rows.filter(({ isSent }) => !isSent);
  }

  async waiting(after: string | null, limit: number): Promise<readonly string[]> {
    const ids = [...this.#conversations.keys()].filter((id) => this.#unsent(id).length > 0 && id > (after ?? ''));
    return ids.sort().slice(0, limit);
  }

  async claim({ conversationId, holder, nowMs, untilMs }: Lease): Promise<boolean> {
    const conversation = this.#conversations.get(conversationId)!;
    if (conversation.untilMs > nowMs && conversation.holder !== holder) return false;
    Object.assign(conversation, { holder, untilMs });
    return true;
  }

  async release(conversationId: string, holder: string, atMs: number | null): Promise<void> {
    const conversation = this.#conversations.get(conversationId)!;
    if (conversation.holder === holder) Object.assign(conversation, { holder: null, untilMs: atMs ?? 0 });
  }

  async unsent(conversationId: string, limit: number): Promise<readonly OutboxRow[]> {
    const { rows } = this.#conversations.get(conversationId)!;
    const sent = rows.length - this.#unsent(conversationId).length;
    const from = Math.max(0, sent - this.forgets());
    return rows.slice(from, from + limit);
  }

  async markSent(conversationId: string, upTo: number): Promise<void> {
    for (const row of this.#unsent(conversationId)) {
      if (row.version > upTo) continue;
      this.marking(conversationId, row.version);
      row.isSent = true;
    }
  }

  async isSent(conversationId: string, version: number): Promise<boolean> {
    return this.#unsent(conversationId).every((row) => row.version > version);
  }

  async backlog(): Promise<Backlog> {
    const all = [...this.#conversations.keys()].flatMap((id) => this.#unsent(id));
    return { unsent: all.length, oldestMs: all.length === 0 ? null : Math.min(...all.map((row) => row.createdAtMs)) };
  }

  async forget(): Promise<number> {
    return 0;
  }
}
