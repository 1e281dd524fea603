/** An outbox in memory with the semantics of the one in SQL, and processes that die between any two steps of their work. */
import type { TimerHandle, Timers } from '@parley/schemas/environment/clock';
import type { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { currentRules } from '@parley/streams/conversation/rules';
import type { Append } from '@parley/streams/log/log';
import type { Backlog, Lease, OutboxRow, RelayedOutbox } from './outbox.ts';
import type { FailingLog } from './relay.fixture.ts';

interface Conversation {
  readonly rows: (OutboxRow & { isSent: boolean })[];
  holder: string | null;
  untilMs: number;
}

export class MemoryOutbox implements RelayedOutbox {
  readonly conversations = new Map<string, Conversation>();
  /** Told before a row is marked. */
  marking: (conversationId: string, version: number) => void = () => undefined;

  commit(conversationId: string, nowMs: number): void {
    const conversation = this.conversations.get(conversationId) ?? { rows: [], holder: null, untilMs: 0 };
    this.conversations.set(conversationId, conversation);
    const version = conversation.rows.length + 1;
    const event = {
      conversation_id: conversationId,
      directory_version: version,
      user_id: conversationId,
      removed_by: conversationId,
      rules_version: currentRules.version,
    };
    conversation.rows.push({ version, eventName: 'member_removed', event, createdAtMs: nowMs, isSent: false });
  }

  #unsent(conversationId: string): Conversation['rows'] {
    return this.conversations.get(conversationId)!.rows.filter(({ isSent }) => !isSent);
  }

  async waiting(after: string | null, limit: number): Promise<readonly string[]> {
    const ids = [...this.conversations.keys()].filter((id) => this.#unsent(id).length > 0 && id > (after ?? ''));
    return ids.sort().slice(0, limit);
  }

  async claim({ conversationId, holder, nowMs, untilMs }: Lease): Promise<boolean> {
    const conversation = this.conversations.get(conversationId)!;
    if (conversation.untilMs > nowMs && conversation.holder !== holder) return false;
    Object.assign(conversation, { holder, untilMs });
    return true;
  }

  async release(conversationId: string, holder: string, atMs: number | null): Promise<void> {
    const conversation = this.conversations.get(conversationId)!;
    if (conversation.holder === holder) Object.assign(conversation, { holder: null, untilMs: atMs ?? 0 });
  }

  async unsent(conversationId: string, limit: number): Promise<readonly OutboxRow[]> {
    return this.#unsent(conversationId).slice(0, limit);
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
    const all = [...this.conversations.keys()].flatMap((id) => this.#unsent(id));
    return { unsent: all.length, oldestMs: all.length === 0 ? null : Math.min(...all.map((row) => row.createdAtMs)) };
  }

  async forget(): Promise<number> {
    return 0;
  }
}

export interface Death {
  /** Dies at the call of this number: of the outbox, or of the log. */
  readonly atCall: number;
  /** What it asked for was done all the same. */
  readonly isDone: boolean;
}

const never = new Promise<never>(() => undefined);

/** One process: all that a relay asks of the world goes through it, takes a while, and ends with its death. */
export class Mortal implements Timers {
  readonly #time: VirtualTime;
  readonly #death: Death | null;
  readonly #delayMs: () => number;
  #calls = 0;
  #isDead = false;

  constructor(time: VirtualTime, death: Death | null, delayMs: () => number) {
    this.#time = time;
    this.#death = death;
    this.#delayMs = delayMs;
  }

  after(delayMs: number, run: () => void): TimerHandle {
    return this.#time.after(delayMs, () => this.#isDead || run());
  }

  every(intervalMs: number, run: () => void): TimerHandle {
    return this.#time.every(intervalMs, () => this.#isDead || run());
  }

  /** False for a call that never reaches what it calls. */
  #arrives(): boolean {
    if (this.#isDead) return false;
    this.#isDead = ++this.#calls === this.#death?.atCall;
    return !this.#isDead || this.#death!.isDone;
  }

  async #pass<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#arrives()) return never;
    const answer = await work();
    await new Promise<void>((resolve) => this.#time.after(this.#delayMs(), resolve));
    return this.#isDead ? never : answer;
  }

  outbox(outbox: RelayedOutbox): RelayedOutbox {
    return {
      waiting: (after, limit) => this.#pass(() => outbox.waiting(after, limit)),
      claim: (lease) => this.#pass(() => outbox.claim(lease)),
      release: (id, holder, atMs) => this.#pass(() => outbox.release(id, holder, atMs)),
      unsent: (id, limit) => this.#pass(() => outbox.unsent(id, limit)),
      markSent: (id, upTo, nowMs) => this.#pass(() => outbox.markSent(id, upTo, nowMs)),
      isSent: (id, version) => this.#pass(() => outbox.isSent(id, version)),
      backlog: (limit) => this.#pass(() => outbox.backlog(limit)),
      forget: (beforeMs, limit) => this.#pass(() => outbox.forget(beforeMs, limit)),
    };
  }

  log(log: FailingLog): { append(record: Append): void } {
    return {
      append: (record) => {
        if (!this.#arrives()) return;
        const tell = (say: () => void) => this.#time.after(this.#delayMs(), () => this.#isDead || say());
        log.append({
          ...record,
          appended: (partition, offset) => tell(() => record.appended(partition, offset)),
          failed: (error) => tell(() => record.failed(error)),
        });
      },
    };
  }
}
