/** Rows of the projections as they travel in frames, field by field. */
import type { InboxEntry } from '@parley/projections/inbox/store';
import type { WireMessage } from '@parley/schemas/generated/wire';
import type { MessageRow } from '@parley/streams/conversation/rows';

export function toWireMessage(row: MessageRow): WireMessage {
  return {
    conversation_id: row.conversationId,
    seq: row.seq,
    ordinal: row.ordinal,
    message_id: row.messageId,
    sender_id: row.senderId,
    sender_device_id: row.senderDeviceId,
    message_type: row.messageType,
    encrypted_body: row.encryptedBody,
    preview: row.preview,
    media_url: row.mediaUrl,
    thumbnail_url: row.thumbnailUrl,
    reply_to: row.replyTo,
    target_id: row.targetId,
    system: row.system,
    mls: row.mls,
    at_ms: row.atMs,
    expires_at_ms: row.expiresAtMs,
  };
}

/** What a message adds to a page, roughly: ids, numbers and lengths beside its texts. */
const fixedBytes = 256;

const uuidBytes = 37;

function systemBytes({ system }: MessageRow): number {
  if (system === null) return 0;
  return uuidBytes * (1 + system.user_ids.length) + 3 * (system.text?.length ?? 0);
}

/** The header of the key agreement: two ids and numbers. */
function mlsBytes({ mls }: MessageRow): number {
  return mls === null ? 0 : 2 * uuidBytes + mls.group_id.length;
}

function sizeOf(row: MessageRow): number {
  const texts = (row.preview?.length ?? 0) + (row.mediaUrl?.length ?? 0) + (row.thumbnailUrl?.length ?? 0);
  return fixedBytes + row.encryptedBody.length + 3 * texts + systemBytes(row) + mlsBytes(row);
}

/** How many rows from the start (or, with `fromEnd`, from the end) fit into so many bytes; at least one. */
export function countThatFits(rows: readonly MessageRow[], maxBytes: number, fromEnd: boolean): number {
  let bytes = 0;
  let count = 0;
  while (count < rows.length) {
    bytes += sizeOf(rows[fromEnd ? rows.length - 1 - count : count]!);
    if (bytes > maxBytes && count > 0) break;
    count++;
  }
  return count;
}

/** An entry's ids, numbers and marks. */
const entryBytes = 160;

/** How many entries of the conversation list fit into so many bytes; at least one, if there is any. */
export function entriesThatFit(entries: readonly InboxEntry[], maxBytes: number): number {
  let bytes = 0;
  let count = 0;
  for (const { lastMessagePreview } of entries) {
    bytes += entryBytes + Buffer.byteLength(lastMessagePreview ?? '');
    if (bytes > maxBytes && count > 0) break;
    count++;
  }
  return count;
}
