/** Who is a member now, for processors that route what the fold does not. */
import { isUuid } from '@parley/schemas/identity/conversation-id';
import type { MemberLookup } from '@parley/streams/processors/ports';
import type { MemberStore } from './store.ts';

export class StoredMemberLookup implements MemberLookup {
  readonly #members: MemberStore;

  constructor(members: MemberStore) {
    this.#members = members;
  }

  async currentMembers(conversationId: string): Promise<readonly string[]> {
    return [...(await this.currentJoins(conversationId)).keys()];
  }

  async currentJoins(conversationId: string): Promise<ReadonlyMap<string, number>> {
    const current = new Map<string, number>();
    if (!isUuid(conversationId)) return current;
    const view = await this.#members.view(conversationId);
    for (const [userId, intervals] of view?.intervals ?? []) {
      const open = intervals.find(({ leftSeq }) => leftSeq === null);
      if (open !== undefined) current.set(userId, open.joinedSeq);
    }
    return current;
  }
}
