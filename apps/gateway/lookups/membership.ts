/**
 * Who ever was a member of a conversation, and which users exist: enough to let a send through to the fold.
 *
 * Both only ever grow, so a cached yes is right for ever and a cached no does not exist: whoever is not known is looked up in the
 * stores, and refused only by that fresh read (design rule 4). The projections may trail the log by a moment, in which someone
 * who has just joined is not there yet; so a read that would refuse is made twice, a moment apart. Someone who was removed is
 * let through as well: the fold knows better than any view.
 */

import type { UserDirectory } from '@parley/projections/directory/directory';
import type { MemberStore } from '@parley/projections/members/store';
import { pause, type Timers } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { directConversationId, isDirectConversationId } from '@parley/schemas/identity/conversation-id';
import { LRUCache } from 'lru-cache';
import type { GatewaySettings } from '../settings.ts';

export interface MembershipDependencies {
  readonly members: MemberStore;
  readonly users: Pick<UserDirectory, 'userExists'>;
  readonly timers: Timers;
}

/** What is known beside the membership: the peer of a 1:1 conversation once its id was checked. */
interface Known {
  peerId: string | null;
}

export class Membership {
  readonly #on: MembershipDependencies;
  readonly #graceMs: number;
  readonly #known: LRUCache<string, Known>;
  readonly #existing: LRUCache<string, true>;

  constructor(dependencies: MembershipDependencies, settings: GatewaySettings) {
    this.#on = dependencies;
    this.#graceMs = settings.projectionGraceMs;
    this.#known = new LRUCache({ max: settings.maxCachedMembers });
    this.#existing = new LRUCache({ max: settings.maxCachedUsers });
  }

  /** True if the user is known to have been a member, and, where one is named, the peer to be the other one. */
  isKnown(conversationId: string, userId: string, peerId: string | null): boolean {
    const known = this.#known.get(keyOf(conversationId, userId));
    return known !== undefined && (peerId === null || known.peerId === peerId);
  }

  /** @throws ParleyError why a send of this user cannot be taken, after fresh reads */
  async confirm(conversationId: string, userId: string, peerId: string | null): Promise<void> {
    if (peerId !== null && directConversationId(userId, peerId) !== conversationId) {
      throw new ParleyError('conversation_mismatch');
    }
    if (await this.#wasMember(conversationId, userId, peerId)) return;
    // A 1:1 conversation comes to be with its first message, which names the peer.
    if (peerId !== null) return this.#confirmUser(peerId);
    await pause(this.#on.timers, this.#graceMs);
    if (await this.#wasMember(conversationId, userId, peerId)) return;
    if ((await this.#on.members.view(conversationId)) !== null) throw new ParleyError('not_a_member');
    throw new ParleyError(isDirectConversationId(conversationId) ? 'conversation_mismatch' : 'conversation_unknown');
  }

  async #wasMember(conversationId: string, userId: string, peerId: string | null): Promise<boolean> {
    const intervals = await this.#on.members.intervalsOf(conversationId, userId);
    if (intervals.length === 0) return false;
    const key = keyOf(conversationId, userId);
    const known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, { peerId });
    else if (peerId !== null) known.peerId = peerId;
    return true;
  }

  async #confirmUser(userId: string): Promise<void> {
    if (this.#existing.has(userId)) return;
    if (!(await this.#on.users.userExists(userId))) throw new ParleyError('peer_unknown');
    this.#existing.set(userId, true);
  }
}

const keyOf = (conversationId: string, userId: string): string => `${conversationId}/${userId}`;
