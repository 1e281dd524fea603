/**
 * `mark`: what a user keeps about a conversation for themselves, from a frame to a record of chat.receipts.
 *
 * A mark gets a version beyond every one that is projected of the entry and beyond every other of this gateway, and near the time:
 * so whoever saw a mark and sets another is heard last, whatever the clocks say, and of two at the same moment the later clock is.
 * What is cleared is a watermark, and its own version. Once the log holds the mark the device is given the entry as it will be; the
 * processor tells the user's devices.
 */
import { type InboxEntry, type InboxStore, withMark } from '@parley/projections/inbox/store';
import { toWireEntry } from '@parley/projections/inbox/wire-entry';
import { isCurrentMember, type MemberStore, type MembershipInterval, maySee } from '@parley/projections/members/store';
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { MarkFrame } from '@parley/schemas/generated/wire';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import { isMessageId } from '@parley/schemas/identity/message-id';
import type { Log } from '@parley/streams/log/log';
import type { MessageLookup, PersonalMark } from '@parley/streams/processors/ports';
import type { Connection } from '../connection.ts';
import { MarkAppend, markKey } from './mark-append.ts';

export interface MarkDeskDependencies {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly clock: Clock;
  readonly inbox: Pick<InboxStore, 'get'>;
  readonly members: Pick<MemberStore, 'intervalsOf'>;
  readonly messages: MessageLookup;
}

/** Also of who has left: such a conversation stays in the list until it is put away. */
const afterLeaving: ReadonlySet<MarkFrame['kind']> = new Set(['archived', 'cleared']);
const invalid = (detail: string): ParleyError => new ParleyError('invalid_request', { detail });

export class MarkDesk {
  readonly #on: MarkDeskDependencies;
  #lastVersion = 0;

  constructor(dependencies: MarkDeskDependencies) {
    this.#on = dependencies;
  }

  /** Resolves when the log holds the mark and the device was told. @throws ParleyError, or rejects with it: it was not taken */
  handle(connection: Connection, frame: MarkFrame): Promise<void> {
    validate(frame);
    return this.#take(connection, frame);
  }

  async #take(connection: Connection, frame: MarkFrame): Promise<void> {
    const { conversation_id: conversationId, kind, request_id } = frame;
    const { userId } = connection;
    const entry = await this.#on.inbox.get(userId, conversationId);
    const intervals = await this.#on.members.intervalsOf(conversationId, userId);
    const mayMark = isCurrentMember(intervals) || (intervals.length > 0 && afterLeaving.has(kind));
    if (entry === null || !mayMark) throw new ParleyError('not_a_member');
    const isCleared = kind === 'cleared';
    const about = { conversationId, userId, kind };
    const mark: PersonalMark = isCleared
      ? { ...about, ...(await this.#watermark(frame, intervals)), version: frame.value }
      : { ...about, value: this.#valueOf(frame), ordinal: 0, version: this.#versionBeyond(entry) };
    if (!isCleared || mark.value > entry.clearedSeq) await this.#append(connection, mark);
    connection.send('inbox_update', { request_id, entry: toWireEntry(withMark(entry, mark)) });
  }

  #valueOf({ kind, value }: MarkFrame): number {
    return kind === 'pinned' && value === 1 ? this.#on.clock.nowMs() : value;
  }

  #versionBeyond({ flags }: InboxEntry): number {
    const known = Object.values(flags).map(({ version }) => version);
    const version = Math.max(this.#on.clock.nowMs() * 1_000, this.#lastVersion + 1, ...known.map((one) => one + 1));
    this.#lastVersion = version;
    return version;
  }

  /** A message is cleared that the user may see, and everything before it. */
  async #watermark(frame: MarkFrame, intervals: readonly MembershipInterval[]) {
    const row = await this.#on.messages.find(frame.conversation_id, frame.message_id!);
    if (row === null || !maySee(intervals, row.seq)) throw new ParleyError('not_found');
    if (row.seq !== frame.value) throw invalid('value is not the seq of message_id');
    return { value: row.seq, ordinal: row.ordinal };
  }

  #append(connection: Connection, mark: PersonalMark): Promise<void> {
    const { conversationId, userId, kind, value, ordinal, version } = mark;
    const { deviceId } = connection;
    const atMs = this.#on.clock.nowMs();
    const bytes = this.#on.codec.encode('personal_mark_set', {
      conversation_id: conversationId,
      user_id: userId,
      device_id: deviceId,
      kind,
      value,
      ordinal,
      version,
      at_ms: atMs,
    });
    return new Promise((resolve, reject) => {
      const key = markKey(conversationId, userId, kind, deviceId);
      const settle = (error: ParleyError | null): void => (error === null ? resolve() : reject(error));
      this.#on.log.append(new MarkAppend(key, conversationId, bytes, atMs, settle));
    });
  }
}

function validate({ conversation_id: conversationId, kind, value, message_id: messageId }: MarkFrame): void {
  if (!isUuid(conversationId)) throw invalid('conversation_id');
  if (kind === 'cleared') {
    if (value < 1) throw invalid('value');
    if (messageId === null || !isMessageId(messageId)) throw new ParleyError('invalid_message_id');
    return;
  }
  if (messageId !== null) throw invalid('message_id');
  if (value < 0 || (kind !== 'muted' && value > 1)) throw invalid('value');
}
