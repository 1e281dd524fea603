/** A `send` frame of a text with nothing else to it, for who speaks the protocol without the SDK: a new optional field has one place. */
import type { SendFrame } from '@parley/schemas/generated/wire';

export type PlainSend = Pick<SendFrame, 'conversation_id' | 'peer_id' | 'message_id' | 'encrypted_body'>;

export function plainSend({ conversation_id, peer_id, message_id, encrypted_body }: PlainSend): SendFrame {
  return {
    conversation_id,
    peer_id,
    message_id,
    message_type: 'text',
    encrypted_body,
    preview: null,
    media_url: null,
    thumbnail_url: null,
    reply_to: null,
    target_id: null,
    timer_seconds: 0,
    mls: null,
  };
}
