/**
 * Current members of conversations, cached for a moment.
 *
 * The two of a 1:1 conversation never change once they are known; a group's members are read anew after a second. The cache may
 * let a receipt through to one who left within that second, but never takes somebody for a stranger without a fresh read.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { isDirectConversationId } from '@parley/schemas/identity/conversation-id';
import { LRUCache } from 'lru-cache';
import type { MemberLookup } from './ports.ts';

interface CachedMembers {
  /** The same array as long as nothing was read anew: the router lays out its targets once. */
  readonly userIds: readonly string[];
  readonly readAtMs: number;
}

const maxConversations = 20_000;
/** Of all cached conversations together; a cached id costs about 50 bytes. */
const maxCachedMembers = 1_000_000;
const groupTtlMs = 1_000;
const directTtlMs = 10 * 60_000;

export class MemberCache {
  readonly #lookup: MemberLookup;
  readonly #clock: Clock;
  readonly #cache = new LRUCache<string, CachedMembers>({
    max: maxConversations,
    maxSize: maxCachedMembers,
    sizeCalculation: ({ userIds }) => userIds.length + 1,
  });

  constructor(lookup: MemberLookup, clock: Clock) {
    this.#lookup = lookup;
    this.#clock = clock;
  }

  /** Members, fresh if one of those named is not among the cached ones. */
  async membersOf(conversationId: string, named: readonly string[]): Promise<readonly string[]> {
    const cached = this.#cache.get(conversationId);
    if (
      cached !== undefined &&
      this.#isFresh(conversationId, cached) &&
      named.every((id) => cached.userIds.includes(id))
    )
      return cached.userIds;
    const readAtMs = this.#clock.nowMs();
    const userIds = await this.#lookup.currentMembers(conversationId);
    this.#cache.set(conversationId, { userIds, readAtMs });
    return userIds;
  }

  #isFresh(conversationId: string, { readAtMs }: CachedMembers): boolean {
    const ttlMs = isDirectConversationId(conversationId) ? directTtlMs : groupTtlMs;
    const ageMs = this.#clock.nowMs() - readAtMs;
    return ageMs >= 0 && ageMs < ttlMs;
  }

  clear(): void {
    this.#cache.clear();
  }
}
