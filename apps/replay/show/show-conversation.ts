/** `replay show`: a conversation as it stood at an offset or a time, from the log alone. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { LogReader } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import type { ReceiptRow } from '@parley/streams/processors/ports';
import type { CommandResult } from '../cli/command.ts';
import type { ProgressBar } from '../cli/progress.ts';
import { foldConversation, partitionOfConversation } from '../reading/conversation-fold.ts';
import { offsetOf, type Point } from '../reading/point.ts';
import { receiptsOf } from '../reading/receipts.ts';
import { ConversationView, type PageOptions } from './conversation-view.ts';
import { describe } from './describe.ts';

export interface ShowOptions {
  readonly log: LogReader;
  readonly codec: EventCodec;
  readonly conversationId: string;
  /** As of and with this record or this moment; as it is now where it is null. */
  readonly at: Point | null;
  readonly page: PageOptions;
  readonly bar: ProgressBar;
}

/** A watermark of one device, when it was first reached. */
export interface ShownReceipt {
  readonly user_id: string;
  readonly device_id: string;
  readonly kind: string;
  readonly seq: number;
  readonly at_ms: number;
}

/** A member's watermark is the greatest of its devices'. */
export interface MemberReceipts {
  readonly user_id: string;
  readonly delivered: { readonly seq: number; readonly at_ms: number } | null;
  readonly read: { readonly seq: number; readonly at_ms: number } | null;
}

/** @throws ParleyError `not_found` if the log says nothing of it until then */
export async function showConversation(options: ShowOptions): Promise<CommandResult> {
  const { log, codec, conversationId, at, page, bar } = options;
  const partition = await partitionOfConversation(log, conversationId);
  const view = new ConversationView(page);
  const toOffset = at === null ? null : await endOf(log, partition, at);
  const fold = { log, codec, conversationId, bar, ...(toOffset === null ? {} : { toOffset }) };
  for await (const step of foldConversation(fold)) if (!view.take(step)) break;
  const { state } = view;
  if (state === null) {
    throw new ParleyError('not_found', {
      detail: `${topics.messages}/${partition} has no event of ${conversationId} until then`,
    });
  }
  const untilMs = at === null ? null : 'timeMs' in at ? at.timeMs : view.lastRecordMs;
  const rows = await receiptsOf({ log, codec }, conversationId, untilMs);
  const shown = {
    conversation_id: conversationId,
    conversation_type: state.conversationType,
    partition,
    at: { offset: view.lastOffset, time_ms: untilMs },
    last_seq: state.lastSeq,
    last_at_ms: state.lastAtMs,
    directory_version: state.directoryVersion,
    members: view.members,
    messages: view.messages,
    receipts: receiptsOfMembers(rows),
    device_receipts: lastOfEach(rows),
    refused: view.refused,
    duplicates: view.duplicates,
    unreadable: view.unreadable,
    halted: view.halted,
  };
  return { ok: view.halted === null, summary: shown, lines: describe(shown) };
}

export type ShownConversation = Parameters<typeof describe>[0];

async function endOf(log: LogReader, partition: number, at: Point): Promise<number> {
  if ('offset' in at) return at.offset + 1;
  return offsetOf(log, { topic: topics.messages, partition }, { timeMs: at.timeMs + 1 });
}

function lastOfEach(rows: readonly ReceiptRow[]): ShownReceipt[] {
  const last = new Map<string, ShownReceipt>();
  for (const { userId, deviceId, kind, seq, atMs } of rows) {
    last.set(`${userId}/${deviceId}/${kind}`, { user_id: userId, device_id: deviceId, kind, seq, at_ms: atMs });
  }
  return [...last.values()];
}

function receiptsOfMembers(rows: readonly ReceiptRow[]): MemberReceipts[] {
  const users = [...new Set(rows.map(({ userId }) => userId))];
  return users.map((userId) => {
    const greatest = (kind: ReceiptRow['kind']) => {
      const own = rows.filter((row) => row.userId === userId && row.kind === kind);
      const best = own.reduce<ReceiptRow | null>((found, row) => (isGreater(row, found) ? row : found), null);
      return best === null ? null : { seq: best.seq, at_ms: best.atMs };
    };
    return { user_id: userId, delivered: greatest('delivered'), read: greatest('read') };
  });
}

function isGreater(row: ReceiptRow, than: ReceiptRow | null): boolean {
  return than === null || row.seq > than.seq || (row.seq === than.seq && row.atMs < than.atMs);
}
