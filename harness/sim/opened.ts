/** What the log holds sealed, as its readers see it: by the keys themselves, without asking anybody for them. */
import type { MessageSent } from '@parley/schemas/generated/events';
import type { Outcome } from '@parley/streams/conversation/outcome';
import { dataKeyIdOf } from '@parley/streams/sealing/data-key';
import type { MemoryDataKeys } from '@parley/streams/sealing/data-keys.fixture';
import { openContent } from '@parley/streams/sealing/seal-content';

/** What is not sealed, or does not open, stays as it is. */
function openedSend(sent: MessageSent, keys: MemoryDataKeys): MessageSent {
  const { conversation_id: conversationId, message_id: messageId, timer_seconds, sealed_content } = sent;
  if (sealed_content === null || sent.encrypted_body.length > 0) return sent;
  const key = keys.known(dataKeyIdOf(conversationId, messageId, timer_seconds));
  const content = key === undefined ? null : openContent(key, { conversationId, messageId }, sealed_content);
  return content === null ? sent : { ...sent, ...content };
}

export function opened<O extends Outcome>(outcome: O, keys: MemoryDataKeys): O {
  return 'sent' in outcome ? { ...outcome, sent: openedSend(outcome.sent, keys) } : outcome;
}
