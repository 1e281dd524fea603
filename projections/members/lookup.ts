/** Who is a member now, for processors that route what the fold does not. */
import { isUuid } from '@parley/schemas/identity/conversation-id';
import type { MemberLookup } from '@parley/streams/processors/ports';
import { isCurrentMember, type MemberStore } from './store.ts';

export class StoredMemberLookup implements MemberLookup {
  readonly #members: MemberStore;

  constructor(members: MemberStore) {
    this.#members = members;
  }

  async currentMembers(conversationId: string): Promise<readonly string[]> {
    if (!isUuid(conversationId)) return [];
    const view = await this.#members.view(conversationId);
    if (view === null) return [];
    const current: string[] = [];
    for (const [userId, intervals] of view.intervals) if (isCurrentMember(intervals)) current.push(userId);
    return current;
  }
}
