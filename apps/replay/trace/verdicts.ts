/** Every record that carries a message id, with what the fold said to it; and the conversation as it was when it was accepted. */
import type { MessageSent } from '@parley/schemas/generated/events';
import type { Accepted, Outcome } from '@parley/streams/conversation/outcome';
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
  readonly outcome: Accepted;
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
    const sent = sentOf(outcome);
    if (sent?.message_id !== this.#messageId) return true;
    const sender = { sender_id: sent.sender_id, sender_device_id: sent.sender_device_id };
    this.appended.push({ ...place, ...sender, ...this.#said(outcome) });
    if (outcome.kind === 'accepted') {
      this.accepted = { outcome, offset, appendedAtMs: timestampMs, members: [...state.members.keys()] };
    }
    return true;
  }

  #said(outcome: Outcome): Pick<Appended, 'verdict' | 'code' | 'seq'> {
    if (outcome.kind === 'accepted') return { verdict: `accepted as #${outcome.seq}`, code: null, seq: outcome.seq };
    if (outcome.kind === 'duplicate') {
      return { verdict: `came again: accepted as #${outcome.seq} before`, code: null, seq: outcome.seq };
    }
    if (outcome.kind !== 'refused') return { verdict: outcome.kind, code: null, seq: null };
    const first = this.accepted?.outcome;
    if (outcome.code === 'out_of_window' && first !== undefined) {
      // The processor finds it in the message store (design rule 3).
      if (!first.payloadHash.equals(outcome.payloadHash)) {
        return { verdict: 'refused: conflict, another payload under this id', code: 'conflict', seq: null };
      }
      return { verdict: `came again, late: accepted as #${first.seq} before`, code: null, seq: first.seq };
    }
    return { verdict: `refused: ${outcome.code}`, code: outcome.code, seq: null };
  }
}

function sentOf(outcome: Outcome): MessageSent | null {
  return 'sent' in outcome ? outcome.sent : null;
}
