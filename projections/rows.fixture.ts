/** Rows for tests: whole, valid and distinct; a test names only what it is about. */
import { randomBytes, randomUUID } from 'node:crypto';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { bucketOfMessageId } from '@parley/streams/conversation/buckets';
import type { ConversationRow, InboxRow, MemberRow, MessageRow } from '@parley/streams/conversation/rows';
import type { ReceiptRow } from '@parley/streams/processors/ports';

export const noonMs = Date.UTC(2024, 5, 1, 12);

export function messageIdAt(timeMs: number): string {
  return makeMessageId(timeMs, { next: Math.random, bytes: (length) => randomBytes(length) });
}

export function messageRow(about: Partial<MessageRow> = {}): MessageRow {
  const atMs = about.atMs ?? noonMs;
  const messageId = about.messageId ?? messageIdAt(atMs);
  return {
    conversationId: randomUUID(),
    bucket: bucketOfMessageId(messageId),
    subBucket: 0,
    messageId,
    seq: 1,
    ordinal: 1,
    senderId: randomUUID(),
    senderDeviceId: randomUUID(),
    messageType: 'text',
    encryptedBody: randomBytes(20),
    preview: null,
    mediaUrl: null,
    thumbnailUrl: null,
    replyTo: null,
    targetId: null,
    system: null,
    expiresAtMs: null,
    mls: null,
    atMs,
    payloadHash: randomBytes(16),
    writeTimestampUs: atMs * 1000,
    ...about,
  };
}

export function memberRow(about: Partial<MemberRow> = {}): MemberRow {
  return {
    conversationId: randomUUID(),
    userId: randomUUID(),
    joinedSeq: 1,
    leftSeq: null,
    role: 'member',
    writeTimestampUs: noonMs * 1000,
    ...about,
  };
}

export function conversationRow(about: Partial<ConversationRow> = {}): ConversationRow {
  return {
    conversationId: randomUUID(),
    conversationType: 'group',
    buckets: [],
    writeTimestampUs: noonMs * 1000,
    ...about,
  };
}

export function inboxRow(about: Partial<InboxRow> = {}): InboxRow {
  return {
    userId: randomUUID(),
    conversationId: randomUUID(),
    writeTimestampUs: noonMs * 1000,
    conversationType: 'group',
    otherUserId: null,
    lastSeq: 1,
    lastOrdinal: 1,
    ...about,
  };
}

export function receiptRow(about: Partial<ReceiptRow> = {}): ReceiptRow {
  return {
    conversationId: randomUUID(),
    userId: randomUUID(),
    deviceId: randomUUID(),
    kind: 'delivered',
    seq: 1,
    ordinal: 1,
    atMs: noonMs,
    ...about,
  };
}
