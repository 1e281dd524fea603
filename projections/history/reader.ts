/**
 * Answers what a device asks of a conversation's past: what comes after its cursor (sync, gap repair), and what came before.
 *
 * History is ordered by seq, rows are stored by ULID, and the two differ by the clients' clocks and by chance. So a page reads the
 * rows of a stretch of ULID time that is wider than needed, sorts them by seq, and claims only what they prove (coverage.ts). The
 * order of the reads is part of the proof: the inbox row first, whose last_seq bounds every claim and behind which all message rows
 * are in the store; then the buckets; then the rows; the membership intervals last, so that one who is removed meanwhile gets
 * nothing from after the removal (design rules 9, 12 and 13).
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { invariant } from '@parley/schemas/errors/invariant';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import { isReadable } from '@parley/streams/conversation/mls';
import type { MessageRow } from '@parley/streams/conversation/rows';
import type { InboxStore } from '../inbox/store.ts';
import type { MemberStore } from '../members/store.ts';
import type { MessageStore } from '../messages/store.ts';
import { type AroundPage, type AroundQuery, readAround } from './around.ts';
import { readBackward } from './backward.ts';
import { beyondCleared } from './cleared.ts';
import { readForward } from './forward.ts';
import { type MembersQuery, type MembersThen, membersThen } from './members-then.ts';
import { productionSizes, type Reading, type ReadingSizes } from './reading.ts';
import { type WithheldPage, type WithheldQuery, withheldPage } from './withheld.ts';

export interface FetchQuery {
  readonly conversationId: string;
  /** The cursor; 0 for everything. */
  readonly afterSeq: number;
  /** T of the message at the cursor, or of any at or before it; 0 if unknown. */
  readonly afterAtMs: number;
  readonly limit: number;
}

export interface BeforeQuery {
  readonly conversationId: string;
  /** Exclusive; 0 for the newest. */
  readonly beforeSeq: number;
  /** T of the message there, or of any at or after it; 0 if unknown. */
  readonly beforeAtMs: number;
  readonly limit: number;
}

/** A seq absent inside coveredFrom..coveredTo is final: expired, hidden from this user, or before they joined. */
export interface HistoryPage {
  readonly conversationId: string;
  readonly coveredFrom: number;
  /** Below coveredFrom if nothing is covered. */
  readonly coveredTo: number;
  /** What to pass as afterAtMs with coveredTo as the cursor. */
  readonly coveredToAtMs: number;
  /** Of the inbox, read before the rows. */
  readonly lastSeq: number;
  /** Ask again: after coveredTo (fetch), or before coveredFrom (before). */
  readonly more: boolean;
  /** In order of seq. */
  readonly rows: readonly MessageRow[];
}

export interface HistoryStores {
  readonly inbox: InboxStore;
  readonly members: MemberStore;
  readonly messages: MessageStore;
}

const maxLimit = 1_000;

const noBytes = Buffer.alloc(0);

/** A welcome to an MLS group is given whole to its recipient; for the others it only has its place. */
function readableBy<P extends HistoryPage>(userId: string, page: P): P {
  if (page.rows.every(({ mls }) => isReadable(mls, userId))) return page;
  const rows = page.rows.map((row) => (isReadable(row.mls, userId) ? row : { ...row, encryptedBody: noBytes }));
  return { ...page, rows };
}

export class HistoryReader {
  readonly #stores: HistoryStores;
  readonly #clock: Clock;
  readonly #sizes: ReadingSizes;

  constructor(stores: HistoryStores, clock: Clock, sizes: ReadingSizes = productionSizes) {
    this.#stores = stores;
    this.#clock = clock;
    this.#sizes = sizes;
  }

  /** @throws ParleyError `not_found` to one who never was a member */
  async fetch(userId: string, query: FetchQuery): Promise<HistoryPage> {
    return readableBy(userId, await readForward(await this.#begin(userId, query.conversationId, query.limit), query));
  }

  /** @throws ParleyError `not_found` to one who never was a member */
  async before(userId: string, query: BeforeQuery): Promise<HistoryPage> {
    return readableBy(userId, await readBackward(await this.#begin(userId, query.conversationId, query.limit), query));
  }

  /** @throws ParleyError `not_found` for a message that the user may not see, or has cleared */
  async around(userId: string, query: AroundQuery): Promise<AroundPage> {
    return readableBy(userId, await readAround(await this.#begin(userId, query.conversationId, 1), query));
  }

  /** @throws ParleyError `not_found` to one who was no member then */
  async membersThen(userId: string, query: MembersQuery): Promise<MembersThen> {
    if (!isUuid(query.conversationId)) throw new ParleyError('not_found');
    return membersThen(this.#stores, userId, query);
  }

  /** What the user sent into a 1:1 conversation while the other one had blocked them. */
  async withheld(userId: string, query: WithheldQuery): Promise<WithheldPage> {
    if (!isUuid(query.conversationId)) throw new ParleyError('not_found');
    return withheldPage(this.#stores, userId, query, this.#clock.nowMs());
  }

  async #begin(userId: string, conversationId: string, limit: number): Promise<Reading> {
    invariant(limit >= 1, 'a page has room for a row');
    if (!isUuid(conversationId)) throw new ParleyError('not_found');
    const { inbox, members, messages } = this.#stores;
    const entry = await inbox.get(userId, conversationId);
    const view = await members.view(conversationId);
    const own = view?.intervals.get(userId);
    if (view === null || own === undefined) throw new ParleyError('not_found');
    // What the user has cleared is hidden from them like what came before they joined.
    const clearedSeq = entry?.clearedSeq ?? 0;
    const intervalsNow = async () => beyondCleared(await members.intervalsOf(conversationId, userId), clearedSeq);
    return {
      messages,
      conversationId,
      buckets: view.buckets,
      lastSeq: entry?.lastSeq ?? 0,
      intervals: beyondCleared(own, clearedSeq),
      intervalsNow,
      limit: Math.min(limit, maxLimit),
      asOfMs: this.#clock.nowMs(),
      sizes: this.#sizes,
    };
  }
}
