/** An own message as a member sees it: the server sends no message frame to the device that sent it, the verdict and the outbox make it. */
import type { AcceptedFrame, WireMessage } from '@parley/schemas/generated/wire';
import { type MlsMessage, toMlsHeader } from './mls-message.ts';
import type { Pending } from './outbox.ts';

/** A welcome's body is given to its recipient alone, and this is how every other device sees it. */
function isForOthers(mls: MlsMessage | null, userId: string): boolean {
  return mls !== null && mls.recipientId !== null && mls.recipientId !== userId;
}

export function ownMessage(
  { message }: Pending,
  verdict: AcceptedFrame,
  sender: { readonly userId: string; readonly deviceId: string },
): WireMessage {
  return {
    conversation_id: verdict.conversation_id,
    seq: verdict.seq,
    ordinal: verdict.ordinal,
    message_id: verdict.message_id,
    sender_id: sender.userId,
    sender_device_id: sender.deviceId,
    message_type: message.messageType,
    encrypted_body: Buffer.from(isForOthers(message.mls, sender.userId) ? [] : message.encryptedBody),
    preview: message.preview,
    media_url: message.mediaUrl,
    thumbnail_url: message.thumbnailUrl,
    reply_to: message.replyTo,
    target_id: message.targetId,
    at_ms: verdict.at_ms,
    system: null,
    expires_at_ms: message.timerSeconds === 0 ? null : verdict.at_ms + message.timerSeconds * 1_000,
    mls: toMlsHeader(message.mls),
  };
}
