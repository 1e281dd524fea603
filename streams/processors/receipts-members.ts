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

export interface Members {
  /** With the first seq that each of them sees. */
  readonly joins: ReadonlyMap<string, number>;
  /** The same array as long as nothing was read anew: the router lays out its targets once. */
  readonly userIds: readonly string[];
}

interface CachedMembers extends Members {
  readonly readAtMs: number;
}

const maxConversations = 20_000;
/** Of all cached conversations together; a cached id costs about 100 bytes. */
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
  async membersOf(conversationId: string, named: readonly string[]): Promise<Members> {
    const cached = this.#cache.get(conversationId);
    if (cached !== undefined && this.#isFresh(conversationId, cached) && named.every((id) => cached.joins.has(id)))
      return cached;
    const readAtMs = this.#clock.nowMs();
    const joins = await this.#lookup.currentJoins(conversationId);
    const members = { joins, userIds: [...joins.keys()], readAtMs };
    this.#cache.set(conversationId, members);
    return members;
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
