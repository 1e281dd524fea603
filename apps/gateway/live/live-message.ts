/** What a gateway remembers of a message that it delivered: enough for receipts and a push job, nothing of its content. */
import { decodeFrame } from '@parley/schemas/codec/frame-codec';
import { invariant } from '@parley/schemas/errors/invariant';
import type { MessageType } from '@parley/schemas/generated/events';

export interface LiveMessage {
  readonly conversationId: string;
  readonly seq: number;
  readonly ordinal: number;
  readonly messageId: string;
  readonly senderId: string;
  readonly messageType: MessageType;
  readonly preview: string | null;
  /** When this gateway took it. */
  readonly takenAtMs: number;
}

/** Reads an encoded message frame; shared by all connections that the frame goes to. */
export function liveMessageOf(frame: Buffer, takenAtMs: number): LiveMessage {
  const { name, body } = decodeFrame(frame);
  invariant(name === 'message', 'only message frames have a position');
  const { message } = body;
  return {
    conversationId: message.conversation_id,
    seq: message.seq,
    ordinal: message.ordinal,
    messageId: message.message_id,
    senderId: message.sender_id,
    messageType: message.message_type,
    preview: message.preview,
    takenAtMs,
  };
}
