/**
 * `inbox`, `fetch`, `history`, `around`, `members` and `withheld`: answers from the stores, each for the very user and conversation that the connection may see.
 *
 * Pages are cut at `maxPageBytes`, and claim then only what they still hold. A device that was left out of live delivery comes
 * back by these: see live/live-delivery.ts.
 */

import type { AroundPage } from '@parley/projections/history/around';
import type { HistoryPage } from '@parley/projections/history/reader';
import type { InboxStore } from '@parley/projections/inbox/store';
import { toWireEntry } from '@parley/projections/inbox/wire-entry';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type {
  AroundFrame,
  FetchFrame,
  HistoryFrame,
  InboxFrame,
  MembersFrame,
  WithheldFrame,
} from '@parley/schemas/generated/wire';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import { isMessageId } from '@parley/schemas/identity/message-id';
import type { Connection } from '../connection.ts';
import type { HistorySource } from '../dependencies.ts';
import type { LiveDelivery } from '../live/live-delivery.ts';
import type { GatewaySettings } from '../settings.ts';
import { countThatFits, entriesThatFit, toWireMessage } from './wire-rows.ts';

export interface SyncDeskDependencies {
  readonly inbox: InboxStore;
  readonly history: HistorySource;
  readonly clock: Clock;
  readonly live: LiveDelivery;
}

const invalid = (detail: string): ParleyError => new ParleyError('invalid_request', { detail });

export class SyncDesk {
  readonly #on: SyncDeskDependencies;
  readonly #settings: GatewaySettings;

  constructor(dependencies: SyncDeskDependencies, settings: GatewaySettings) {
    this.#on = dependencies;
    this.#settings = settings;
  }

  async inbox(connection: Connection, frame: InboxFrame): Promise<void> {
    if (frame.after !== null && !isUuid(frame.after)) throw invalid('after');
    if (frame.limit < 1 || frame.limit > this.#settings.maxInboxEntries) throw invalid('limit');
    // Before the read: what is left out from here on may not be counted by it.
    if (frame.after === null) this.#on.live.syncBegins(connection);
    const { limit } = frame;
    const listed = await this.#on.inbox.list(connection.userId, { after: frame.after, limit });
    const entries = listed.map(toWireEntry).slice(0, entriesThatFit(listed, this.#settings.maxInboxBytes));
    const isAll = entries.length === listed.length && listed.length < limit;
    const next = isAll ? null : entries.at(-1)!.conversation_id;
    connection.send('inbox_page', { request_id: frame.request_id, entries, next });
  }

  async fetch(connection: Connection, frame: FetchFrame): Promise<void> {
    const { conversation_id: conversationId, after_seq: afterSeq, after_at_ms: afterAtMs } = frame;
    validate(conversationId, afterSeq, afterAtMs);
    const limit = this.#limit(frame.limit);
    const page = await this.#on.history.fetch(connection.userId, { conversationId, afterSeq, afterAtMs, limit });
    const count = countThatFits(page.rows, this.#settings.maxPageBytes, false);
    const cut = count < page.rows.length ? endAt(page, count) : page;
    const more = this.#on.live.pageCovers(connection, cut, this.#on.clock.nowMs());
    this.#answer(connection, frame.request_id, more === cut.more ? cut : { ...cut, more });
  }

  async history(connection: Connection, frame: HistoryFrame): Promise<void> {
    const { conversation_id: conversationId, before_seq: beforeSeq, before_at_ms: beforeAtMs } = frame;
    validate(conversationId, beforeSeq, beforeAtMs);
    const limit = this.#limit(frame.limit);
    const page = await this.#on.history.before(connection.userId, { conversationId, beforeSeq, beforeAtMs, limit });
    const count = countThatFits(page.rows, this.#settings.maxPageBytes, true);
    this.#answer(
      connection,
      frame.request_id,
      count < page.rows.length ? startAt(page, page.rows.length - count) : page,
    );
  }

  async around(connection: Connection, frame: AroundFrame): Promise<void> {
    const { conversation_id: conversationId, message_id: messageId, before, after, media_only: mediaOnly } = frame;
    validate(conversationId, 0, 0);
    if (messageId !== null && !isMessageId(messageId)) throw new ParleyError('invalid_message_id');
    if (before < 0 || after < 0 || before + after > this.#settings.maxPageEntries) throw invalid('before and after');
    const query = { conversationId, messageId, before, after, mediaOnly };
    const page = await this.#on.history.around(connection.userId, query);
    this.#answer(connection, frame.request_id, nearest(page, this.#settings.maxPageBytes));
  }

  async members(connection: Connection, frame: MembersFrame): Promise<void> {
    const { conversation_id: conversationId, at_seq: atSeq, at_ms: atMs } = frame;
    validate(conversationId, atSeq, atMs);
    const then = await this.#on.history.membersThen(connection.userId, { conversationId, atSeq, atMs });
    connection.send('member_list', {
      request_id: frame.request_id,
      conversation_id: conversationId,
      at_seq: then.atSeq,
      members: then.members.map(({ userId, role, joinedSeq, leftSeq }) => ({
        user_id: userId,
        role,
        joined_seq: joinedSeq,
        left_seq: leftSeq,
      })),
    });
  }

  /** Without seqs there is nothing that a page of them covers. */
  async withheld(connection: Connection, frame: WithheldFrame): Promise<void> {
    const { conversation_id: conversationId, before } = frame;
    validate(conversationId, 0, 0);
    if (before !== null && !isMessageId(before)) throw new ParleyError('invalid_message_id');
    const limit = this.#limit(frame.limit);
    const page = await this.#on.history.withheld(connection.userId, { conversationId, before, limit });
    const count = countThatFits(page.rows, this.#settings.maxPageBytes, true);
    const more = page.more || count < page.rows.length;
    const covered = { coveredFrom: 0, coveredTo: 0, coveredToAtMs: 0, lastSeq: 0 };
    const rows = page.rows.slice(page.rows.length - count);
    this.#answer(connection, frame.request_id, { conversationId, ...covered, more, rows });
  }

  #answer(connection: Connection, requestId: number, page: HistoryPage): void {
    connection.send('page', {
      request_id: requestId,
      conversation_id: page.conversationId,
      covered_from: page.coveredFrom,
      covered_to: page.coveredTo,
      covered_to_at_ms: page.coveredToAtMs,
      last_seq: page.lastSeq,
      more: page.more,
      messages: page.rows.map(toWireMessage),
    });
  }

  #limit(asked: number): number {
    if (asked < 1 || asked > this.#settings.maxPageEntries) throw invalid('limit');
    return asked;
  }
}

function validate(conversationId: string, seq: number, atMs: number): void {
  if (!isUuid(conversationId)) throw invalid('conversation_id');
  if (seq < 0) throw invalid('seq');
  if (atMs < 0) throw invalid('at_ms');
}

/** A page that goes both ways is cut at both ends: half of it is for what is before the message. */
function nearest(page: AroundPage, maxBytes: number): HistoryPage {
  const middle = page.rows.filter(({ seq }) => seq < page.anchorSeq).length;
  const [older, newer] = [page.rows.slice(0, middle), page.rows.slice(middle)];
  const half = maxBytes / 2;
  const [before, after] = [countThatFits(older, half, true), countThatFits(newer, half, false)];
  let cut: HistoryPage = page;
  if (after < newer.length) cut = endAt(page, middle + after);
  return before < older.length ? startAt(cut, middle - before) : cut;
}

/** The first rows of a page that goes up: it covers up to the last of them. */
function endAt(page: HistoryPage, count: number): HistoryPage {
  const rows = page.rows.slice(0, count);
  const last = rows.at(-1)!;
  return { ...page, coveredTo: last.seq, coveredToAtMs: last.atMs, more: true, rows };
}

/** The last rows of a page that goes down: it covers from the first of them. */
function startAt(page: HistoryPage, from: number): HistoryPage {
  const rows = page.rows.slice(from);
  return { ...page, coveredFrom: rows[0]!.seq, more: true, rows };
}
