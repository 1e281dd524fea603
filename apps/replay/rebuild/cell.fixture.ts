/** A log in memory with people who talk, and the live generation that the production processors derive from it. */

import { EventCodec } from '@parley/schemas/codec/event-codec';
import { untitledGroup } from '@parley/schemas/codec/untitled-group.fixture';
import { systemClock } from '@parley/schemas/environment/system';
import type { MessageSent, ReceiptAdvanced } from '@parley/schemas/generated/events';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import type { LogReader, LogRecord } from '@parley/streams/log/log';
import { partitionOf } from '@parley/streams/log/partitioner';
import { topics } from '@parley/streams/log/topics';
import { MemoryDataKeys } from '@parley/streams/sealing/data-keys.fixture';
import type { FilledGeneration } from '../generations/access.ts';
import { Rebuild } from './rebuild.ts';

export const codec = new EventCodec(new EmbeddedSchemas());
const partitions = 3;
const neverAborted = new AbortController().signal;
export const noTimers = { after: () => ({ cancel: () => undefined }), every: () => ({ cancel: () => undefined }) };

/** The same on every run. */
export function seededRandom(seed: number): () => number {
  let state = seed + 0x6d2b79f5;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

function uuidFrom(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export class MemoryCell implements LogReader {
  readonly #records = new Map<string, LogRecord[]>();
  readonly #random: () => number;
  readonly #users: readonly string[];
  readonly #said = new Map<string, number>();
  #nowMs: number;
  #groups = 0;

  /** Nobody else's users, so that cells may share a cluster. */
  constructor(seed: number, startMs = Date.now() - 3_600_000) {
    this.#random = seededRandom(seed);
    this.#users = Array.from({ length: 6 }, () => uuidFrom(this.#random));
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get lastDirect(): { readonly conversationId: string; readonly userId: string } {
    const [userId, other] = this.#users as [string, string];
    return { conversationId: directConversationId(userId, other), userId };
  }

  /** Messages, retries, receipts, and now and then a group. */
  talk(events: number): void {
    for (let count = 0; count < events; count++) {
      this.#nowMs += 1 + Math.floor(this.#random() * 900);
      const dice = this.#random();
      if (dice < 0.05) this.#group();
      else if (dice < 0.35) this.#receipt();
      else this.#message();
    }
  }

  receipt(receipt: ReceiptAdvanced): void {
    const key = `${receipt.conversation_id}:${receipt.user_id}:${receipt.kind}`;
    this.#append(topics.receipts, key, receipt.conversation_id, codec.encode('receipt_advanced', receipt));
  }

  #message(): void {
    const [from, to] = this.#pair();
    const conversationId = directConversationId(from, to);
    const sent: MessageSent = {
      ...{
        conversation_id: conversationId,
        peer_id: to,
        sender_id: from,
        sender_device_id: from,
        message_type: 'text',
      },
      message_id: makeMessageId(this.#nowMs, {
        next: this.#random,
        bytes: (length) => Buffer.from(Array.from({ length }, () => Math.floor(this.#random() * 32))),
      }),
      ...{ encrypted_body: Buffer.from(`body ${this.#nowMs}`), preview: this.#random() < 0.5 ? 'hello' : null },
      ...{ media_url: null, thumbnail_url: null, reply_to: null, target: null, rules_version: 1 },
      ...{ timer_seconds: 0, sealed_content: null, mls: null },
    };
    const times = this.#random() < 0.1 ? 2 : 1; // A client that sends again.
    for (let count = 0; count < times; count++)
      this.#append(topics.messages, conversationId, conversationId, codec.encode('message_sent', sent));
    this.#said.set(conversationId, (this.#said.get(conversationId) ?? 0) + 1);
  }

  #receipt(): void {
    const [from, to] = this.#pair();
    const conversationId = directConversationId(from, to);
    const said = this.#said.get(conversationId) ?? 0;
    if (said === 0) return;
    const seq = 1 + Math.floor(this.#random() * said);
    if (this.#random() < 0.3) {
      this.#mark(conversationId, from, seq);
      return;
    }
    const kind = this.#random() < 0.5 ? 'read' : 'delivered';
    this.receipt({
      conversation_id: conversationId,
      user_id: from,
      device_id: from,
      kind,
      seq,
      ordinal: seq,
      at_ms: this.#nowMs,
    });
  }

  /** Gateways' clocks differ by seconds, so the log hears marks in another order than that of their versions. */
  #mark(conversationId: string, userId: string, seq: number): void {
    const kinds = ['pinned', 'archived', 'muted', 'unread', 'cleared', 'read'] as const;
    const kind = kinds[Math.floor(this.#random() * kinds.length)]!;
    const isWatermark = kind === 'cleared' || kind === 'read';
    const version = isWatermark ? seq : this.#nowMs * 1_000 + Math.floor((this.#random() - 0.5) * 10_000_000);
    const value = codec.encode('personal_mark_set', {
      ...{ conversation_id: conversationId, user_id: userId, device_id: userId, kind, version, at_ms: this.#nowMs },
      ...{ value: isWatermark ? seq : Math.floor(this.#random() * 2), ordinal: isWatermark ? seq : 0 },
    });
    this.#append(topics.receipts, `${conversationId}:${userId}:mark_${kind}:${userId}`, conversationId, value);
  }

  #group(): void {
    this.#groups += 1;
    const conversationId = uuidFrom(this.#random);
    const [owner, ...others] = this.#users.slice(0, 4) as [string, ...string[]];
    const members = [owner, ...others].map((user_id) => ({
      user_id,
      role: user_id === owner ? ('admin' as const) : ('member' as const),
    }));
    const created = codec.encode('conversation_created', {
      ...{ ...untitledGroup, conversation_id: conversationId, directory_version: 1, created_by: owner },
      ...{ members, rules_version: 1 },
    });
    this.#append(topics.messages, conversationId, conversationId, created);
  }

  #pair(): [string, string] {
    const at = Math.floor(this.#random() * this.#users.length);
    const other = (at + 1 + Math.floor(this.#random() * (this.#users.length - 1))) % this.#users.length;
    return [this.#users[at]!, this.#users[other]!];
  }

  #append(topic: string, key: string, partitionKey: string, value: Buffer): void {
    const partition = partitionOf(partitionKey, partitions);
    const records = this.#of(topic, partition);
    const place = { topic, partition, offset: records.length, timestampMs: this.#nowMs };
    records.push({ ...place, key: Buffer.from(key), value });
  }

  #of(topic: string, partition: number): LogRecord[] {
    const name = `${topic}/${partition}`;
    const records = this.#records.get(name) ?? [];
    this.#records.set(name, records);
    return records;
  }

  partitionCount(): Promise<number> {
    return Promise.resolve(partitions);
  }

  bounds(topic: string, partition: number): Promise<{ earliest: number; end: number }> {
    return Promise.resolve({ earliest: 0, end: this.#of(topic, partition).length });
  }

  async *read(options: Parameters<LogReader['read']>[0]): AsyncGenerator<readonly LogRecord[]> {
    const { topic, partition, from, toOffset, maxBatchRecords = 10 } = options;
    const records = this.#of(topic, partition);
    const end = Math.min(toOffset ?? records.length, records.length);
    const start = 'offset' in from ? from.offset : 0;
    for (let next = start; next < end; next += maxBatchRecords)
      yield records.slice(next, Math.min(end, next + maxBatchRecords));
  }

  /** The live groups have done everything. */
  async committed(_group: string, topic: string, partition: number): Promise<number> {
    return this.#of(topic, partition).length;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  rebuild(into: FilledGeneration, batchRecords: number, recordsPerCheckpoint = 40): Rebuild {
    const settings = {
      topics: [topics.messages, topics.receipts],
      maxRecordsPerS: null,
      concurrency: 2,
      batchRecords,
      recordsPerCheckpoint,
    };
    const dataKeys = new MemoryDataKeys(systemClock);
    return new Rebuild({ log: this, codec, dataKeys, clock: systemClock, timers: noTimers }, into, settings);
  }

  /** In one go. */
  async fill(into: FilledGeneration, batchRecords = 7): Promise<void> {
    await this.rebuild(into, batchRecords).pass(neverAborted);
  }
}
