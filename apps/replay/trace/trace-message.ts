/** `replay trace`: the whole story of one message, from what is recorded, and in plain words what is not. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { isMessageId } from '@parley/schemas/identity/message-id';
import type { LogReader } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import type { CommandResult } from '../cli/command.ts';
import type { Progress } from '../cli/progress.ts';
import type { GenerationAccess } from '../generations/access.ts';
import { foldConversation } from '../reading/conversation-fold.ts';
import { deadLettersOf } from './dead-letters.ts';
import { describeTrace } from './describe-trace.ts';
import { devicesOf } from './devices.ts';
import type { Evidence } from './evidence.ts';
import { conversationOfMessage } from './find-message.ts';
import { presenceOf } from './presence-timeline.ts';
import { type Projected, projectedOf } from './projected.ts';
import { type AcceptedMessage, Verdicts } from './verdicts.ts';

export interface TraceOptions {
  readonly log: LogReader;
  readonly codec: EventCodec;
  readonly generations: Pick<GenerationAccess, 'pointer' | 'look'>;
  readonly evidence: Evidence;
  readonly messageId: string;
  /** Null: it is looked for. */
  readonly conversationId: string | null;
  readonly progress: Progress;
}

/** What nobody writes down, because it would be a write for every message and recipient. */
const notRecorded = [
  'Routing leaves no record: that a device was connected when the message was decided says that its gateway was given the frame.',
  'Why a pusher dropped a job, and what the push service answered, is in the log and counters of that pusher only.',
];

/** @throws ParleyError `not_found` if the log has no record of it */
export async function traceMessage(options: TraceOptions): Promise<CommandResult> {
  const { log, codec, evidence, messageId, progress } = options;
  if (!isMessageId(messageId)) throw new ParleyError('invalid_message_id', { detail: messageId });
  const conversationId =
    options.conversationId ??
    (await conversationOfMessage({ log, codec, messageId, bar: progress.bar('search', 'partitions') }));
  if (conversationId === null) throw new ParleyError('not_found', { detail: neverAppended(messageId) });
  const verdicts = new Verdicts(messageId);
  const fold = { log, codec, conversationId, bar: progress.bar('fold', 'offsets') };
  for await (const step of foldConversation(fold)) if (!verdicts.take(step)) break;
  const { accepted, appended, halted } = verdicts;
  if (appended.length === 0 && halted === null) {
    throw new ParleyError('not_found', { detail: `${neverAppended(messageId)} by its conversation` });
  }
  const { projected, unread } = await projectionOf(options, conversationId, accepted);
  const traced = accepted === null ? null : await devicesOf(options, evidence, conversationId, accepted);
  const presence = traced?.presence ?? (await presenceOf(options, sendersOf(appended)));
  const story = {
    message_id: messageId,
    conversation_id: conversationId,
    appended: appended.map((one) => ({ ...one, gateway_id: gatewayOf(presence, one) })),
    accepted: accepted === null ? null : { seq: accepted.seq, at_ms: accepted.atMs, offset: accepted.offset },
    halted,
    projected,
    members: accepted?.members.length ?? 0,
    devices: traced?.devices ?? [],
    members_without_device: traced?.without ?? [],
    dead: await deadLettersOf(options, messageId, appended),
    not_read: [...evidence.unread, ...unread],
    not_recorded: notRecorded,
  };
  const ok = appended.length > 0 && (projected === null || projected.complete);
  return { ok, summary: story, lines: describeTrace(story) };
}

/** Of the generation that is read. */
async function projectionOf(
  { generations }: TraceOptions,
  conversationId: string,
  accepted: AcceptedMessage | null,
): Promise<{ readonly projected: Projected | null; readonly unread: readonly string[] }> {
  if (accepted === null) return { projected: null, unread: [] };
  try {
    const { projections } = await generations.look((await generations.pointer.read()).read);
    return { projected: await projectedOf(projections, conversationId, accepted), unread: [] };
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error;
    return { projected: null, unread: [`the projections: ${error.detail ?? error.code}`] };
  }
}

const neverAppended = (messageId: string): string => `no record of ${topics.messages} is the send of ${messageId}`;

interface Sent {
  readonly at_ms: number;
  readonly sender_id: string | null;
  readonly sender_device_id: string | null;
}

function sendersOf(appended: readonly Sent[]): string[] {
  return [...new Set(appended.flatMap(({ sender_id }) => sender_id ?? []))];
}

/** The record does not name the gateway; the sending device's connection at that time does. */
function gatewayOf(presence: Awaited<ReturnType<typeof presenceOf>>, sent: Sent): string | null {
  if (sent.sender_id === null || sent.sender_device_id === null) return null;
  return presence.at(sent.sender_id, sent.sender_device_id, sent.at_ms)?.gatewayId ?? null;
}

export type Story = Parameters<typeof describeTrace>[0];
