/** What there is to show of a conversation, gathered while its events are folded: bounded by its members and one page of messages. */
import { createHash } from 'node:crypto';
import type { SystemChange } from '@parley/schemas/generated/wire';
import type { Accepted, DirectoryChanged, SystemMessage } from '@parley/streams/conversation/outcome';
import type { ConversationState } from '@parley/streams/conversation/state';
import { systemDeviceId } from '@parley/streams/conversation/system-message';
import type { FoldStep } from '../reading/conversation-fold.ts';

export interface ShownInterval {
  role: string;
  readonly joined_seq: number;
  readonly joined_at_ms: number;
  /** Null while a member. */
  left_seq: number | null;
  left_at_ms: number | null;
}

export interface ShownMessage {
  readonly seq: number;
  readonly message_id: string;
  readonly sender_id: string;
  readonly sender_device_id: string;
  readonly message_type: string;
  readonly at_ms: number;
  readonly offset: number;
  readonly reply_to: string | null;
  readonly target_id: string | null;
  /** Of the ciphertext. */
  readonly body_bytes: number;
  readonly body_sha256: string;
  /** The ciphertext in base64, if it was asked for. */
  readonly body?: string;
  /** What a system message tells. */
  readonly system: SystemChange | null;
}

export interface PageOptions {
  readonly limit: number;
  /** Messages below this seq; the newest where it is null. */
  readonly beforeSeq: number | null;
  readonly bodies: boolean;
}

export class ConversationView {
  readonly #page: PageOptions;
  readonly #intervals = new Map<string, ShownInterval[]>();
  readonly #refused = new Map<string, number>();
  #messages: ShownMessage[] = [];
  state: ConversationState | null = null;
  lastOffset: number | null = null;
  lastRecordMs: number | null = null;
  duplicates = 0;
  unreadable = 0;
  /** What the partition waits for, if it does. */
  halted: { readonly offset: number; readonly code: string } | null = null;

  constructor(page: PageOptions) {
    this.#page = page;
  }

  /** False if nothing after it was decided. */
  take({ record, outcome, state }: FoldStep): boolean {
    this.state = state;
    this.lastOffset = record.offset;
    this.lastRecordMs = record.timestampMs;
    if (outcome === null) this.unreadable += 1;
    else if (outcome.kind === 'accepted') this.#accept(outcome, record.offset);
    else if (outcome.kind === 'directory_changed') this.#change(outcome, record.offset);
    else if (outcome.kind === 'duplicate') this.duplicates += 1;
    else if (outcome.kind === 'refused') this.#refused.set(outcome.code, (this.#refused.get(outcome.code) ?? 0) + 1);
    else if (outcome.kind === 'halted') this.halted = { offset: record.offset, code: outcome.code };
    return this.halted === null;
  }

  get messages(): readonly ShownMessage[] {
    return this.#messages;
  }

  get refused(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refused);
  }

  get members(): ReadonlyArray<{ readonly user_id: string; readonly intervals: readonly ShownInterval[] }> {
    return [...this.#intervals].map(([user_id, intervals]) => ({ user_id, intervals }));
  }

  #accept(outcome: Accepted, offset: number): void {
    const { sent, seq, atMs } = outcome;
    if (outcome.creates) {
      const users = sent.peer_id === null ? [sent.sender_id] : [sent.sender_id, sent.peer_id];
      for (const userId of users) this.#join(userId, 'member', seq, atMs);
    }
    const { encrypted_body: body, message_id, sender_id, sender_device_id, message_type, reply_to } = sent;
    this.#show({
      ...{ seq, message_id, sender_id, sender_device_id, message_type, at_ms: atMs, offset },
      ...{ reply_to, target_id: sent.target?.message_id ?? null, body_bytes: body.length },
      body_sha256: createHash('sha256').update(body).digest('hex'),
      ...(this.#page.bodies ? { body: body.toString('base64') } : {}),
      system: null,
    });
  }

  #show(message: ShownMessage): void {
    const { beforeSeq, limit } = this.#page;
    if (beforeSeq !== null && message.seq >= beforeSeq) return;
    this.#messages.push(message);
    if (this.#messages.length > limit) this.#messages.shift();
  }

  /** A directory event that took a seq, as its members saw it. */
  #tell({ messageId, seq, change }: SystemMessage, atMs: number, offset: number): void {
    this.#show({
      ...{ seq, message_id: messageId, sender_id: change.actor_id, sender_device_id: systemDeviceId },
      ...{ message_type: 'system', at_ms: atMs, offset, reply_to: null, target_id: null },
      ...{
        body_bytes: 0,
        body_sha256: createHash('sha256').digest('hex'),
        system: this.#page.bodies ? change : { ...change, text: null },
      },
    });
  }

  #change({ changes, system, atMs }: DirectoryChanged, offset: number): void {
    for (const { change, userId, role, joinedSeq, leftSeq } of changes) {
      const open = this.#intervals.get(userId)?.at(-1);
      if (change === 'joined') this.#join(userId, role, joinedSeq, atMs);
      else if (open !== undefined && change === 'role') open.role = role;
      else if (open !== undefined) Object.assign(open, { left_seq: leftSeq, left_at_ms: atMs });
    }
    if (system !== null) this.#tell(system, atMs, offset);
  }

  #join(userId: string, role: string, seq: number, atMs: number): void {
    const intervals = this.#intervals.get(userId) ?? [];
    intervals.push({ role, joined_seq: seq, joined_at_ms: atMs, left_seq: null, left_at_ms: null });
    this.#intervals.set(userId, intervals);
  }
}
