/** What can be said of a send from its own fields alone; the rest is the fold's to judge. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { SendFrame } from '@parley/schemas/generated/wire';
import { isDirectConversationId, isUuid } from '@parley/schemas/identity/conversation-id';
import { isMessageId } from '@parley/schemas/identity/message-id';
import { isWellFormed } from '@parley/streams/conversation/mls';
import { isLongerThan, needsTarget } from '@parley/streams/conversation/rules';
import type { GatewaySettings } from '../settings.ts';

const invalid = (detail: string): ParleyError => new ParleyError('invalid_request', { detail });

/** @throws ParleyError */
export function validateSend(send: SendFrame, settings: GatewaySettings): void {
  if (send.message_type === 'system') throw new ParleyError('invalid_message_type');
  if (!isMessageId(send.message_id)) throw new ParleyError('invalid_message_id');
  if (!isUuid(send.conversation_id)) throw invalid('conversation_id');
  if (send.encrypted_body.length > settings.maxBodyBytes) throw new ParleyError('body_too_large');
  if (send.preview !== null && isLongerThan(send.preview, settings.maxPreviewChars)) {
    throw new ParleyError('preview_too_long');
  }
  validatePeer(send);
  validateUrl('media_url', send.media_url, settings);
  validateUrl('thumbnail_url', send.thumbnail_url, settings);
  validateTarget(send);
  if (!settings.timersSeconds.includes(send.timer_seconds)) throw invalid('timer_seconds');
  validateMls(send);
}

function validatePeer({ conversation_id: conversationId, peer_id: peerId }: SendFrame): void {
  if (peerId === null) return;
  if (!isUuid(peerId)) throw invalid('peer_id');
  if (!isDirectConversationId(conversationId)) throw new ParleyError('conversation_mismatch');
}

function validateUrl(field: string, url: string | null, settings: GatewaySettings): void {
  if (url !== null && Buffer.byteLength(url) > settings.maxUrlBytes) throw invalid(field);
}

function validateMls({ message_type: type, mls }: SendFrame): void {
  if ((type === 'mls') !== (mls !== null)) throw new ParleyError('mls_header_invalid');
  if (mls !== null && !isWellFormed(mls)) throw new ParleyError('mls_header_invalid');
  if (mls !== null && mls.recipient_id !== null && !isUuid(mls.recipient_id)) throw invalid('recipient_id');
}

function validateTarget({ message_type: type, target_id: targetId, reply_to: replyTo }: SendFrame): void {
  if (replyTo !== null && !isMessageId(replyTo)) throw invalid('reply_to');
  if (!needsTarget(type)) {
    if (targetId !== null) throw invalid('target_id');
    return;
  }
  if (targetId === null) throw new ParleyError('target_missing');
  if (!isMessageId(targetId)) throw invalid('target_id');
  // The event has one place for facts about another message.
  if (replyTo !== null) throw invalid('reply_to');
}
