/** Every record that carries a message id, or became the system message of that id, with what the fold said to it; and the conversation then. */
import type { MessageSent } from '@parley/schemas/generated/events';
import type { Accepted, DirectoryChanged, Outcome, SystemMessage } from '@parley/streams/conversation/outcome';
import type { ConversationState } from '@parley/streams/conversation/state';
import type { FoldStep } from '../reading/conversation-fold.ts';

export interface Appended {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly at_ms: number;
  readonly sender_id: string | null;
  readonly sender_device_id: string | null;
  /** In one phrase. */
  readonly verdict: string;
  readonly code: string | null;
  readonly seq: number | null;
}

export interface AcceptedMessage {
  readonly messageId: string;
  readonly seq: number;
  readonly atMs: number;
  readonly payloadHash: Buffer;
  /** Null: it tells of a change in the directory. */
  readonly sender: { readonly userId: string; readonly deviceId: string } | null;
  readonly offset: number;
  /** The record's timestamp. */
  readonly appendedAtMs: number;
  /** Who could see it. */
  readonly members: readonly string[];
}

export class Verdicts {
  readonly #messageId: string;
  readonly appended: Appended[] = [];
  accepted: AcceptedMessage | null = null;
  halted: { readonly offset: number; readonly code: string } | null = null;

  constructor(messageId: string) {
    this.#messageId = messageId;
  }

  /** False if nothing after it was decided. */
  take({ record, outcome, poison, state }: FoldStep): boolean {
    const { topic, partition, offset, timestampMs } = record;
    const place = { topic, partition, offset, at_ms: timestampMs };
    if (outcome === null) {
      if (record.value?.includes(this.#messageId, 0, 'latin1') !== true) return true;
      const dead = { verdict: 'nobody can read it: a dead letter', code: poison?.code ?? null, seq: null };
      this.appended.push({ ...place, sender_id: null, sender_device_id: null, ...dead });
      return true;
    }
    if (outcome.kind === 'halted') {
      this.halted = { offset, code: outcome.code };
      return false;
    }
    if (outcome.kind === 'directory_changed') {
      if (outcome.system?.messageId === this.#messageId) this.#told(place, outcome, outcome.system, state);
      return true;
    }
    const sent = sentOf(outcome);
    if (sent?.message_id !== this.#messageId) return true;
    const sender = { sender_id: sent.sender_id, sender_device_id: sent.sender_device_id };
    this.appended.push({ ...place, ...sender, ...this.#said(outcome) });
    if (outcome.kind === 'accepted') {
      this.accepted = {
        ...acceptedFields(outcome),
        offset,
        appendedAtMs: timestampMs,
        members: [...state.members.keys()],
      };
    }
    return true;
  }

  /** Whom it tells of that they left gets it as well. */
  #told(
    place: Pick<Appended, 'topic' | 'partition' | 'offset' | 'at_ms'>,
    { changes, atMs }: DirectoryChanged,
    { messageId, seq, payloadHash, change }: SystemMessage,
    { members }: ConversationState,
  ): void {
    const verdict = `a change of the directory (${change.kind}), told as #${seq}`;
    this.appended.push({ ...place, sender_id: null, sender_device_id: null, verdict, code: null, seq });
    const leavers = changes.flatMap((one) => (one.change === 'left' ? [one.userId] : []));
    this.accepted = {
      ...{ messageId, seq, atMs, payloadHash, sender: null, offset: place.offset, appendedAtMs: place.at_ms },
      members: [...members.keys(), ...leavers],
    };
  }

  #said(outcome: Outcome): Pick<Appended, 'verdict' | 'code' | 'seq'> {
    if (outcome.kind === 'accepted') return { verdict: `accepted as #${outcome.seq}`, code: null, seq: outcome.seq };
    if (outcome.kind === 'duplicate') {
      return { verdict: `came again: accepted as #${outcome.seq} before`, code: null, seq: outcome.seq };
    }
    if (outcome.kind !== 'refused') return { verdict: outcome.kind, code: null, seq: null };
    const first = this.accepted;
    if (outcome.code === 'out_of_window' && first !== null) {
      // The processor finds it in the message store (design rule 3).
      if (!first.payloadHash.equals(outcome.payloadHash)) {
        return { verdict: 'refused: conflict, another payload under this id', code: 'conflict', seq: null };
      }
      return { verdict: `came again, late: accepted as #${first.seq} before`, code: null, seq: first.seq };
    }
    return { verdict: `refused: ${outcome.code}`, code: outcome.code, seq: null };
  }
}

function acceptedFields({ sent, seq, atMs, payloadHash }: Accepted) {
  const sender = { userId: sent.sender_id, deviceId: sent.sender_device_id };
  return { messageId: sent.message_id, seq, atMs, payloadHash, sender };
}

function sentOf(outcome: Outcome): MessageSent | null {
  return 'sent' in outcome ? outcome.sent : null;
}
