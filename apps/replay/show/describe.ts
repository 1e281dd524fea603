/** A conversation as lines for people. */
import type { SystemChange } from '@parley/schemas/generated/wire';
import type { ShownInterval, ShownMessage } from './conversation-view.ts';
import type { MemberReceipts } from './show-conversation.ts';

interface Described {
  readonly conversation_id: string;
  readonly conversation_type: string;
  readonly partition: number;
  readonly at: { readonly offset: number | null; readonly time_ms: number | null };
  readonly last_seq: number;
  readonly members: ReadonlyArray<{ readonly user_id: string; readonly intervals: readonly ShownInterval[] }>;
  readonly messages: readonly ShownMessage[];
  readonly receipts: readonly MemberReceipts[];
  readonly refused: Readonly<Record<string, number>>;
  readonly duplicates: number;
  readonly halted: { readonly offset: number; readonly code: string } | null;
}

const time = (ms: number): string => new Date(ms).toISOString();

export function describe(shown: Described): string[] {
  const { offset, time_ms } = shown.at;
  const when = time_ms === null ? 'now' : time(time_ms);
  return [
    `${shown.conversation_type} ${shown.conversation_id} in partition ${shown.partition}, as of ${when}`,
    `last event at offset ${offset}, last seq ${shown.last_seq}`,
    ...shown.members.flatMap(({ user_id, intervals }) => intervals.map((one) => memberLine(user_id, one))),
    ...shown.messages.map(messageLine),
    ...shown.receipts.flatMap(receiptLines),
    ...Object.entries(shown.refused).map(([code, count]) => `${count} refused: ${code}`),
    ...(shown.duplicates > 0 ? [`${shown.duplicates} sends came again and got their first verdict`] : []),
    ...(shown.halted === null
      ? []
      : [`the partition waits at offset ${shown.halted.offset}: ${shown.halted.code}; nothing after it is decided`]),
  ];
}

function memberLine(userId: string, { role, joined_seq, joined_at_ms, left_seq, left_at_ms }: ShownInterval): string {
  const since = `${role} ${userId} sees from seq ${joined_seq} (${time(joined_at_ms)})`;
  return left_seq === null ? since : `${since} to before ${left_seq} (${time(left_at_ms!)})`;
}

function messageLine({ seq, message_id, sender_id, message_type, at_ms, body_bytes, ...more }: ShownMessage): string {
  if (more.system !== null) return systemLine(seq, at_ms, message_id, more.system);
  const target = more.target_id === null ? '' : ` of ${more.target_id}`;
  const body = more.body ?? `sha256 ${more.body_sha256.slice(0, 16)}…`;
  return `#${seq} ${time(at_ms)} ${message_type}${target} ${message_id} from ${sender_id}: ${body_bytes} bytes, ${body}`;
}

/** Without the text: titles are the members' business. */
function systemLine(seq: number, atMs: number, messageId: string, { kind, actor_id, user_ids }: SystemChange): string {
  return [`#${seq} ${time(atMs)} system ${messageId}: ${actor_id} ${kind}`, ...user_ids].join(' ');
}

function receiptLines({ user_id, delivered, read }: MemberReceipts): string[] {
  const line = (what: string, mark: { seq: number; at_ms: number } | null): string[] =>
    mark === null ? [] : [`${what} to ${user_id} up to #${mark.seq} since ${time(mark.at_ms)}`];
  return [...line('delivered', delivered), ...line('read', read)];
}
