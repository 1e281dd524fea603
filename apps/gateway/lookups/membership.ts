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

export class Membership {
  readonly #members: MemberStore;
  readonly #users: Pick<UserDirectory, 'userExists'>;
  readonly #timers: Timers;
  readonly #graceMs: number;
  readonly #everMembers: LRUCache<string, ReadonlySet<string>>;
  readonly #existing: LRUCache<string, true>;

  constructor({ members, users, timers }: MembershipDependencies, settings: GatewaySettings) {
    this.#members = members;
    this.#users = users;
    this.#timers = timers;
    this.#graceMs = settings.projectionGraceMs;
    this.#everMembers = new LRUCache({
      maxSize: settings.maxCachedMembers,
      sizeCalculation: (users) => Math.max(1, users.size),
    });
    this.#existing = new LRUCache({ max: settings.maxCachedUsers });
  }

  /** True if the user is known to have been a member, and the peer (of a 1:1 conversation) as well. */
  isKnown(conversationId: string, userId: string, peerId: string | null): boolean {
    const known = this.#everMembers.get(conversationId);
    return known?.has(userId) === true && (peerId === null || (known.has(peerId) && isPair(known, userId, peerId)));
  }

  /** @throws ParleyError why a send of this user cannot be taken, after fresh reads */
  async confirm(conversationId: string, userId: string, peerId: string | null): Promise<void> {
    if (peerId !== null && directConversationId(userId, peerId) !== conversationId) {
      throw new ParleyError('conversation_mismatch');
    }
    const known = await this.#read(conversationId);
    if (known?.has(userId) === true) return;
    if (known === null && peerId !== null) return this.#confirmPeer(peerId);
    await pause(this.#timers, this.#graceMs);
    const again = await this.#read(conversationId);
    if (again?.has(userId) === true) return;
    if (again !== null) throw new ParleyError('not_a_member');
    // A 1:1 conversation comes to be with its first message, which names the peer.
    throw new ParleyError(isDirectConversationId(conversationId) ? 'conversation_mismatch' : 'conversation_unknown');
  }

  async #read(conversationId: string): Promise<ReadonlySet<string> | null> {
    const view = await this.#members.view(conversationId);
    if (view === null) return null;
    const users = new Set(view.intervals.keys());
    this.#everMembers.set(conversationId, users);
    return users;
  }

  async #confirmPeer(peerId: string): Promise<void> {
    if (this.#existing.has(peerId)) return;
    if (!(await this.#users.userExists(peerId))) throw new ParleyError('peer_unknown');
    this.#existing.set(peerId, true);
  }
}

/** The members of a 1:1 conversation are a pair, or one user's note to self. */
function isPair(users: ReadonlySet<string>, userId: string, peerId: string): boolean {
  return peerId !== userId || users.size === 1;
}
