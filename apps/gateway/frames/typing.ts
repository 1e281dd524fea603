/**
 * `typing`: the other members of a conversation who are online are told that somebody writes or records, and nobody else is.
 *
 * None of it touches the log or a store: it is shown for some seconds and forgotten. What connections say is gathered for a
 * moment, the newest of each user and conversation, and what repeats what is still shown is dropped. Then the members are read,
 * afresh, for nothing later would take back what somebody was shown who has just been removed; a typist who is no current
 * member is refused; in a 1:1 conversation nobody is told of one whom they have blocked; and the rest goes through the router at once, one delivery for each gateway. One such round runs at a time.
 */
import { isCurrentMember, type MemberStore } from '@parley/projections/members/store';
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { TypingFrame } from '@parley/schemas/generated/wire';
import { isDirectConversationId, isUuid } from '@parley/schemas/identity/conversation-id';
import type { Routable } from '@parley/streams/delivery/delivery';
import type { Router } from '@parley/streams/delivery/router';
import { inParallel } from '@parley/streams/processors/in-parallel';
import type { Connection } from '../connection.ts';
import type { PrivacySource } from '../lookups/presence-visibility.ts';
import type { GatewaySettings } from '../settings.ts';
import { type ErrorReporter, noRef } from './error-reporter.ts';

export interface TypingDependencies {
  readonly members: Pick<MemberStore, 'view'>;
  readonly router: Pick<Router, 'route'>;
  /** Who has blocked whom. */
  readonly privacy: Pick<PrivacySource, 'relationsOf'>;
  readonly errors: ErrorReporter;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** What a connection said last of a conversation. */
export interface SaidTyping {
  readonly conversationId: string;
  readonly kind: TypingFrame['kind'];
  readonly atMs: number;
}

interface Waiting {
  readonly connection: Connection;
  readonly frame: TypingFrame;
}

/** How long it is shown; a client that goes on says it again every 3 s. */
export const typingShownMs = 6_000;
/** What is said again sooner than this is shown already. */
const repeatMs = 2_500;
const gatherMs = 100;
/** Conversations of a connection that are remembered: one types in one at a time. */
const maxRemembered = 8;
const maxReadsInFlight = 16;

export class TypingDesk {
  readonly #on: TypingDependencies;
  readonly #maxWaiting: number;
  #waiting = new Map<string, Waiting>();
  /** A round runs, or is about to. */
  #isBusy = false;

  constructor(dependencies: TypingDependencies, settings: GatewaySettings) {
    this.#on = dependencies;
    this.#maxWaiting = settings.maxTypingWaiting;
  }

  /** @throws ParleyError: it is not told */
  handle(connection: Connection, frame: TypingFrame): void {
    if (!isUuid(frame.conversation_id)) throw new ParleyError('invalid_request', { detail: 'conversation_id' });
    const nowMs = this.#on.clock.nowMs();
    if (!isNews(connection.typing, frame, nowMs)) return;
    const key = `${connection.userId}/${frame.conversation_id}`;
    if (this.#waiting.size >= this.#maxWaiting && !this.#waiting.has(key)) throw new ParleyError('overloaded');
    connection.typing = [
      { conversationId: frame.conversation_id, kind: frame.kind, atMs: nowMs },
      ...(connection.typing ?? []).filter(({ conversationId }) => conversationId !== frame.conversation_id),
    ].slice(0, maxRemembered);
    this.#waiting.set(key, { connection, frame });
    this.#begin();
  }

  #begin(): void {
    if (this.#isBusy || this.#waiting.size === 0) return;
    this.#isBusy = true;
    this.#on.timers.after(gatherMs, () => {
      const round = [...this.#waiting.values()];
      this.#waiting = new Map();
      void this.#tell(round).finally(() => {
        this.#isBusy = false;
        this.#begin();
      });
    });
  }

  /** Never rejects. */
  async #tell(round: readonly Waiting[]): Promise<void> {
    const members = new Map<string, Promise<ReadonlySet<string>>>();
    const routables = await inParallel(round, maxReadsInFlight, async (one): Promise<Routable | null> => {
      const id = one.frame.conversation_id;
      if (!members.has(id)) members.set(id, this.#currentMembers(id));
      try {
        const routable = routableOf(one, await members.get(id)!);
        return routable === null || (await this.#isBlocked(one, routable)) ? null : routable;
      } catch (error) {
        this.#refuse(one, error);
        return null;
      }
    });
    try {
      await this.#on.router.route(routables.filter((one) => one !== null));
    } catch (error) {
      round.forEach((one, index) => {
        if (routables[index] !== null) this.#refuse(one, error);
      });
    }
  }

  /** Blocks act on 1:1 conversations; what the typist is told is the same (design rule 6). */
  async #isBlocked({ connection, frame }: Waiting, { userIds }: Routable): Promise<boolean> {
    if (!isDirectConversationId(frame.conversation_id)) return false;
    const pairs = userIds.map((ownerId) => ({ ownerId, otherId: connection.userId }));
    return (await this.#on.privacy.relationsOf(pairs)).some(({ isBlocked }) => isBlocked);
  }

  async #currentMembers(conversationId: string): Promise<ReadonlySet<string>> {
    const view = await this.#on.members.view(conversationId);
    return new Set([...(view?.intervals ?? [])].flatMap(([userId, own]) => (isCurrentMember(own) ? [userId] : [])));
  }

  #refuse({ connection }: Waiting, error: unknown): void {
    this.#on.errors.report(connection, error, noRef, this.#on.clock.nowMs());
  }
}

/** False if everybody is shown this already, or, for the end of it, nothing. */
function isNews(said: readonly SaidTyping[] | null, frame: TypingFrame, nowMs: number): boolean {
  const last = said?.find(({ conversationId }) => conversationId === frame.conversation_id);
  const isShown = last !== undefined && last.kind !== 'stopped' && nowMs - last.atMs < typingShownMs;
  if (frame.kind === 'stopped') return isShown;
  return !isShown || last.kind !== frame.kind || nowMs - last.atMs >= repeatMs;
}

/** Null if there is nobody to tell. @throws ParleyError `not_a_member`, also where there is no such conversation */
function routableOf({ connection, frame }: Waiting, members: ReadonlySet<string>): Routable | null {
  if (!members.has(connection.userId)) throw new ParleyError('not_a_member');
  const userIds = [...members].filter((userId) => userId !== connection.userId);
  if (userIds.length === 0) return null;
  const { conversation_id, kind } = frame;
  const for_ms = kind === 'stopped' ? 0 : typingShownMs;
  return {
    frame: encodeFrame('member_typing', { conversation_id, user_id: connection.userId, kind, for_ms }),
    position: null,
    userIds,
  };
}
