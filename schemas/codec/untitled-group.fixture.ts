/** What a `conversation_created` of tests says where the test is not about it. */
import type { ConversationCreated } from '../generated/events.ts';

export const untitledGroup: Pick<
  ConversationCreated,
  'title' | 'description' | 'picture_url' | 'who_may_send' | 'who_may_edit'
> = { title: null, description: null, picture_url: null, who_may_send: 'everyone', who_may_edit: 'everyone' };
