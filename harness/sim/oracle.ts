/**
 * What is true, from the log alone: every record is folded at the moment at which the log holds it, before any process sees it.
 *
 * Against it the run is judged: who may see which message, what has its place, what a commit must not pass, and what a receipt must
 * not claim.
 */

import { foldStateStatements } from '@parley/projections/fold-state/store.cql';
import { inboxStatements } from '@parley/projections/inbox/store.cql';
import { messageStatements } from '@parley/projections/messages/store.cql';
import { receiptStatements } from '@parley/projections/receipts/store.cql';
import type { EventTypes } from '@parley/schemas/generated/events';
import type { ClientEvents } from '@parley/sdk/events';
import { decide, initialState } from '@parley/streams/conversation/decide';
import { evolve } from '@parley/streams/conversation/evolve';
import type { Outcome, ReceivedEvent } from '@parley/streams/conversation/outcome';
import type { ConversationState } from '@parley/streams/conversation/state';
import type { LogRecord } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { decodeConversationRecords } from '@parley/streams/processors/conversation-decode';
import { type TrueMessage, trueMessage } from './content.ts';
import { Judge } from './judge.ts';
import { opened } from './opened.ts';
import type { Device } from './processes/device.ts';
import { TrueMarks } from './true-marks.ts';
import type { World } from './world.ts';

export interface Interval {
  readonly joinedSeq: number;
  leftSeq: number | null;
}

export class TrueConversation {
  /** All that took a seq: at seq - 1. */
  readonly messages: TrueMessage[] = [];
  /** By user, in order. */
  readonly intervals = new Map<string, Interval[]>();
  readonly judge: Judge;
  state: ConversationState;

  constructor(conversationId: string) {
    this.state = initialState(conversationId);
    this.judge = new Judge(conversationId);
  }

  sees(userId: string, seq: number): boolean {
    const own = this.intervals.get(userId) ?? [];
    return own.some(({ joinedSeq, leftSeq }) => joinedSeq <= seq && (leftSeq === null || seq < leftSeq));
  }

  apply(received: ReceivedEvent, decision: Outcome, outcome: Outcome): void {
    this.judge.see(received, outcome);
    this.state = evolve(this.state, decision);
    const nextSeq = this.messages.length + 1;
    const message = trueMessage(outcome);
    if (message !== null) this.messages.push(message);
    if (outcome.kind === 'accepted' && outcome.creates)
      for (const userId of this.state.members.keys()) this.#joins(userId, nextSeq);
    if (outcome.kind !== 'directory_changed') return;
    // Counted here, not believed: a joiner sees what tells of it and comes next, one who leaves what came before, and what tells of it.
    for (const { userId, change } of outcome.changes) {
      if (change === 'joined') this.#joins(userId, nextSeq);
      else if (change === 'left') this.intervals.get(userId)!.at(-1)!.leftSeq = this.messages.length + 1;
    }
  }

  #joins(userId: string, joinedSeq: number): void {
    const own = this.intervals.get(userId) ?? [];
    this.intervals.set(userId, own);
    own.push({ joinedSeq, leftSeq: null });
  }
}

interface Decided {
  readonly conversationId: string;
  readonly outcome: Outcome;
  readonly members: readonly string[];
}

export interface ReceiptClaim {
  readonly device: Device;
  readonly conversationId: string;
  readonly kind: 'delivered' | 'read';
  readonly seq: number;
  /** Seqs at or below that the device did not have when the log took the receipt. */
  readonly lacked: readonly number[];
  /** Its user never was in the conversation, or the conversation does not reach that far. */
  readonly isBaseless: boolean;
}

const placeOf = (topic: string, partition: number, offset: number): string => `${topic}/${partition}@${offset}`;

export class Oracle {
  readonly #world: World;
  readonly conversations = new Map<string, TrueConversation>();
  readonly claims: ReceiptClaim[] = [];
  /** What a sender was told before it was so. */
  readonly earlyTicks: string[] = [];
  readonly personal = new TrueMarks();
  readonly #marksSet = new Map<string, EventTypes['personal_mark_set']>();
  /** By conversation, user and kind: the highest receipt that the log holds. */
  readonly #marks = new Map<string, number>();
  /** By device, the greatest connection id that chat.presence names. */
  readonly newestConnection = new Map<string, number>();
  /** Places that an offset was committed past before its effects were stored. */
  readonly unpersisted: string[] = [];
  readonly #decided = new Map<string, Decided>();
  readonly #receipts = new Map<string, EventTypes['receipt_advanced']>();
  readonly #jobs = new Map<string, EventTypes['push_job']>();
  readonly #committed = new Map<string, number>();
  /** Records are decoded by the production decoder, whose promises settle at once. */
  #decoding: Promise<void> = Promise.resolve();

  constructor(world: World) {
    this.#world = world;
  }

  conversation(conversationId: string): TrueConversation {
    let conversation = this.conversations.get(conversationId);
    if (conversation === undefined) {
      conversation = new TrueConversation(conversationId);
      this.conversations.set(conversationId, conversation);
    }
    return conversation;
  }

  /** Resolves when everything recorded so far is known here. */
  settled(): Promise<void> {
    return this.#decoding;
  }

  record(record: LogRecord): void {
    if (record.topic === topics.messages) this.#decoding = this.#decoding.then(() => this.#fold(record));
    else this.#note(record);
  }

  async #fold(record: LogRecord): Promise<void> {
    const noBurial = { bury: () => Promise.resolve() };
    const [decoded] = await decodeConversationRecords([record], this.#world.codec, noBurial);
    if (decoded === undefined) return;
    const { conversationId, received } = decoded;
    const conversation = this.conversation(conversationId);
    const decision = decide(conversation.state, received);
    const outcome = opened(decision, this.#world.dataKeys);
    conversation.apply(received, decision, outcome);
    const members = [...conversation.state.members.keys()];
    this.#decided.set(placeOf(record.topic, record.partition, record.offset), { conversationId, outcome, members });
    this.#world.trace.add(
      'log',
      `${conversationId.slice(0, 4)} ${record.partition}@${record.offset} ${describe(outcome)}`,
    );
  }

  #note(record: LogRecord): void {
    const place = placeOf(record.topic, record.partition, record.offset);
    let decoded: ReturnType<World['codec']['decode']>;
    try {
      decoded = this.#world.codec.decode(record.value);
    } catch {
      return; // Poison: it has no meaning, and its dead letter is looked for elsewhere.
    }
    if (decoded.name === 'push_job') this.#jobs.set(place, decoded.event);
    if (decoded.name === 'presence_changed') this.#connected(decoded.event);
    if (decoded.name === 'personal_mark_set') {
      this.personal.note(decoded.event);
      this.#marksSet.set(place, decoded.event);
    }
    if (decoded.name !== 'receipt_advanced') return;
    this.#receipts.set(place, decoded.event);
    this.#claimed(decoded.event);
  }

  #connected({ device_id: deviceId, connection_id: connectionId }: EventTypes['presence_changed']): void {
    this.newestConnection.set(deviceId, Math.max(connectionId, this.newestConnection.get(deviceId) ?? 0));
  }

  #claimed({ conversation_id: conversationId, device_id, kind, seq }: EventTypes['receipt_advanced']): void {
    const device = this.#world.people.find(({ deviceId }) => deviceId === device_id);
    if (device === undefined) return;
    for (const of of kind === 'read' ? ['read', 'delivered'] : ['delivered']) {
      const key = `${conversationId}/${device.userId}/${of}`;
      this.#marks.set(key, Math.max(seq, this.#marks.get(key) ?? 0));
    }
    const taken = new Set(device.taken.get(conversationId)?.map((one) => one.seq));
    const conversation = this.conversation(conversationId);
    const below = conversation.messages.slice(0, seq);
    const cleared = this.personal.valueOf(device.userId, conversationId, 'cleared');
    const due = below.filter((one) => one.seq > cleared && conversation.sees(device.userId, one.seq));
    const lacked = due.filter((one) => !taken.has(one.seq));
    const isBaseless = seq > conversation.messages.length || !conversation.intervals.has(device.userId);
    this.claims.push({ device, conversationId, kind, seq, lacked: lacked.map((one) => one.seq), isBaseless });
    this.#world.trace.add('log', `receipt ${device.name} ${conversationId.slice(0, 4)} ${kind} ${seq}`);
  }

  /** A sender is told that all who are in the conversation, and were when the message came, have it or have read it. */
  ticked(
    device: Device,
    { conversationId, seq, status }: Pick<ClientEvents['status'], 'conversationId' | 'seq' | 'status'>,
  ): void {
    if (status === 'sent') return;
    const conversation = this.conversation(conversationId);
    for (const [userId, intervals] of conversation.intervals) {
      // Who was out in between was perhaps not asked: what is told is as of a moment ago.
      const { joinedSeq, leftSeq } = intervals.at(-1)!;
      const isConcerned = userId !== device.userId && joinedSeq <= seq && leftSeq === null;
      const mark = this.#marks.get(`${conversationId}/${userId}/${status}`) ?? 0;
      if (isConcerned && mark < seq)
        this.earlyTicks.push(
          `${device.name} is told ${status} of ${conversationId}:${seq}, which ${userId} has up to ${mark}`,
        );
    }
  }

  /** An offset was committed: what came before it must have had its effects. */
  committed(group: string, topic: string, partition: number, nextOffset: number): void {
    const key = `${group}/${topic}/${partition}`;
    const from = this.#committed.get(key) ?? 0;
    if (nextOffset <= from) return;
    this.#committed.set(key, nextOffset);
    for (const { offset } of this.#world.broker
      .partition(topic, partition)
      .read(from, Number.POSITIVE_INFINITY, nextOffset)) {
      const missing = this.#missingOf(placeOf(topic, partition, offset), offset);
      if (missing !== null)
        this.unpersisted.push(`${group} committed ${topic}/${partition} up to ${nextOffset}: ${missing} at ${offset}`);
    }
  }

  #missingOf(place: string, offset: number): string | null {
    const decided = this.#decided.get(place);
    if (decided !== undefined) return this.#missingOfMessage(decided, offset);
    const receipt = this.#receipts.get(place);
    if (receipt !== undefined)
      return this.#watermark(receipt.conversation_id, receipt.user_id, receipt.device_id, receipt.kind) < receipt.seq
        ? 'a watermark is not stored'
        : null;
    const mark = this.#marksSet.get(place);
    if (mark !== undefined) return this.#isStored(mark) ? null : `a mark ${mark.kind} is not stored`;
    const job = this.#jobs.get(place);
    if (job === undefined) return null;
    const isCleared = this.personal.valueOf(job.recipient_user_id, job.conversation_id, 'cleared') >= job.seq;
    const isGone = this.#world.people.some((one) => one.deviceId === job.recipient_device_id && one.isRevoked);
    const isSent = this.#world.pushes.some(({ jobId }) => jobId === job.job_id);
    const delivered = this.#watermark(job.conversation_id, job.recipient_user_id, job.recipient_device_id, 'delivered');
    return isSent || isGone || isCleared || delivered >= job.seq ? null : 'a push was neither sent nor needless';
  }

  #missingOfMessage({ conversationId, outcome, members }: Decided, offset: number): string | null {
    const { engine } = this.#world;
    const [state] = engine.read({ query: foldStateStatements.load, params: [conversationId] }, 1);
    if (Number(state?.['log_offset'] ?? -1) < offset) return `the state of ${conversationId} is not saved`;
    const message = trueMessage(outcome);
    if (message === null) return null;
    const { seq, bucket, subBucket, messageId } = message;
    const params = [conversationId, bucket, subBucket, messageId];
    if (engine.read({ query: messageStatements.find, params }, 1).length === 0) return `message ${seq} is not stored`;
    for (const userId of members) {
      const [row] = engine.read({ query: inboxStatements.get, params: [userId, conversationId] }, 1);
      if (Number(row?.['last_seq'] ?? 0) < seq) return `an inbox does not count message ${seq}`;
    }
    return null;
  }

  #isStored({
    user_id: userId,
    conversation_id: conversationId,
    kind,
    version,
  }: EventTypes['personal_mark_set']): boolean {
    const [row] = this.#world.engine.read({ query: inboxStatements.get, params: [userId, conversationId] }, 1);
    const column = kind === 'cleared' || kind === 'read' ? `${kind}_seq` : `${kind}_version`;
    return Number(row?.[column] ?? 0) >= version;
  }

  #watermark(conversationId: string, userId: string, deviceId: string, kind: 'delivered' | 'read'): number {
    const [row] = this.#world.engine.read({ query: receiptStatements.watermarks, params: [conversationId, userId] }, 1);
    return (row?.[kind] as Record<string, number> | null | undefined)?.[deviceId] ?? 0;
  }
}

function describe(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'accepted':
      return `accepted ${outcome.seq} ${outcome.sent.message_type} ${outcome.sent.encrypted_body.toString('latin1')}`;
    case 'duplicate':
      return `duplicate of ${outcome.seq} ${outcome.sent.encrypted_body.toString('latin1')}`;
    case 'refused':
      return `refused ${outcome.code} ${outcome.sent.encrypted_body.toString('latin1')}`;
    case 'directory_changed':
      return `directory ${outcome.directoryVersion} ${outcome.system?.seq ?? ''} ${outcome.system?.change.kind ?? outcome.changes.map(({ change }) => change).join(' ')}`;
    default:
      return outcome.kind;
  }
}
