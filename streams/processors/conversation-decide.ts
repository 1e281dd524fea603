/**
 * Step 1, decide: the fold over a batch's events in order of offset.
 *
 * A batch is decided in slices, bounded by how many recipients its messages have, so that neither its rows nor its frames grow
 * with the size of groups. An event at or below the offset of its conversation's state was decided before and is passed over
 * (design rule 10). A directory event that skips a version ends the slice: nothing after it is decided (design rule 20).
 */
import { decide } from '../conversation/decide.ts';
import { evolve } from '../conversation/evolve.ts';
import type { Halted, Outcome } from '../conversation/outcome.ts';
import type { ConversationState } from '../conversation/state.ts';
import type { DecodedRecord } from './conversation-decode.ts';
import type { WorkingStates } from './conversation-states.ts';

export interface Decided {
  readonly offset: number;
  readonly conversationId: string;
  readonly outcome: Outcome;
  /** The conversation after it. */
  readonly state: ConversationState;
  /** The message has disappeared: it has its seq, and nothing that could be shown (conversation-open.ts). */
  readonly isGone?: true;
}

export interface HaltedAt {
  readonly event: DecodedRecord;
  readonly code: Halted['code'];
}

export interface Slice {
  readonly decided: readonly Decided[];
  /** Index of the first event that is not part of the slice. */
  readonly next: number;
  /** What stops the partition at `next`, if something does. */
  readonly halted: HaltedAt | null;
}

function isForMembers(outcome: Outcome): boolean {
  return outcome.kind === 'accepted' || (outcome.kind === 'directory_changed' && outcome.system !== null);
}

/** Decides events from an index on; the working states move along. */
export function decideSlice(
  events: readonly DecodedRecord[],
  from: number,
  working: WorkingStates,
  maxRecipients: number,
): Slice {
  const decided: Decided[] = [];
  let recipients = 0;
  let next = from;
  for (; next < events.length && recipients < maxRecipients; next++) {
    const event = events[next]!;
    const { conversationId, offset } = event;
    const held = working.get(conversationId)!;
    if (offset <= held.offset) continue;
    const outcome = decide(held.state, event.received);
    if (outcome.kind === 'halted') return { decided, next, halted: { event, code: outcome.code } };
    const state = evolve(held.state, outcome);
    working.set(conversationId, { state, offset });
    decided.push({ offset, conversationId, outcome, state });
    recipients += isForMembers(outcome) ? state.members.size : 1;
  }
  return { decided, next, halted: null };
}
