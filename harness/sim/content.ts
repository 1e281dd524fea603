/** What a message says, as one text: the body that its sender wrote, or what a system message tells. Each is unique in a run. */
import type { MessageType, SystemChange } from '@parley/schemas/generated/wire';
import type { DirectoryChanged, Outcome } from '@parley/streams/conversation/outcome';

export interface Said {
  readonly messageId: string;
  readonly body: Buffer;
  readonly system: SystemChange | null;
}

export function contentOf({ messageId, body, system }: Said): string {
  if (system === null) return body.toString('latin1');
  const { kind, actor_id, user_ids, text } = system;
  return `system ${messageId} ${JSON.stringify([kind, actor_id, user_ids, text])}`;
}

/** What took a seq. */
export interface TrueMessage {
  readonly seq: number;
  readonly messageId: string;
  readonly atMs: number;
  readonly bucket: number;
  readonly subBucket: number;
  /** Nobody's, where the directory spoke. */
  readonly senderId: string | null;
  readonly senderDeviceId: string | null;
  readonly messageType: MessageType;
  readonly preview: string | null;
  readonly content: string;
}

const noBody = Buffer.alloc(0);

function systemMessage({ system, atMs }: DirectoryChanged): TrueMessage | null {
  if (system === null) return null;
  const { messageId, seq, bucket, subBucket, change } = system;
  return {
    ...{ seq, messageId, atMs, bucket, subBucket },
    ...{ senderId: null, senderDeviceId: null, messageType: 'system', preview: null },
    content: contentOf({ messageId, body: noBody, system: change }),
  };
}

/** Null: the outcome gives no seq. */
export function trueMessage(outcome: Outcome): TrueMessage | null {
  if (outcome.kind === 'directory_changed') return systemMessage(outcome);
  if (outcome.kind !== 'accepted') return null;
  const { sent, seq, atMs, bucket, subBucket } = outcome;
  return {
    ...{ seq, atMs, bucket, subBucket, messageId: sent.message_id, preview: sent.preview },
    ...{ senderId: sent.sender_id, senderDeviceId: sent.sender_device_id, messageType: sent.message_type },
    content: contentOf({ messageId: sent.message_id, body: sent.encrypted_body, system: null }),
  };
}
