/** What of a send the log is to hold in clear, and what sealed: all content of a message that disappears is sealed (design rule 23). */
import type { MessageSent } from '@parley/schemas/generated/events';
import type { SendFrame } from '@parley/schemas/generated/wire';
import { isContent } from '@parley/streams/conversation/rules';
import { type DataKeyId, dataKeyIdOf } from '@parley/streams/sealing/data-key';
import { sealContent } from '@parley/streams/sealing/seal-content';

type ContentFields = Pick<
  MessageSent,
  'encrypted_body' | 'preview' | 'media_url' | 'thumbnail_url' | 'timer_seconds' | 'sealed_content'
>;

const nothing = Buffer.alloc(0);

/** The key that the send is to be sealed under; null: it is kept in clear. The id was found to be valid. */
export function dataKeyOf({ conversation_id, message_id, message_type, timer_seconds }: SendFrame): DataKeyId | null {
  if (timer_seconds === 0 || !isContent(message_type)) return null;
  return dataKeyIdOf(conversation_id, message_id, timer_seconds);
}

export function contentOf(send: SendFrame, key: Buffer | null): ContentFields {
  const { encrypted_body, preview, media_url, thumbnail_url } = send;
  if (key === null) {
    return { encrypted_body, preview, media_url, thumbnail_url, timer_seconds: 0, sealed_content: null };
  }
  const about = { conversationId: send.conversation_id, messageId: send.message_id };
  const sealed_content = sealContent(key, about, { encrypted_body, preview, media_url, thumbnail_url });
  const empty = { encrypted_body: nothing, preview: null, media_url: null, thumbnail_url: null };
  return { ...empty, timer_seconds: send.timer_seconds, sealed_content };
}
