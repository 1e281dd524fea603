/**
 * `decide(state, event) → outcome`: what an event means for a conversation. Pure and total: it reads nothing but its arguments and
 * never throws on an event that decodes (design, idea 2).
 *
 *     let state = initialState(conversationId);
 *     for (const event of events) state = evolve(state, decide(state, event));
 */
import { decideDirectoryEvent } from './decide-directory.ts';
import { decideMessage } from './decide-message.ts';
import type { Outcome, ReceivedEvent } from './outcome.ts';
import type { ConversationState } from './state.ts';

export { initialState } from './state.ts';

/** T never lies beyond the year 2223, so that T in microseconds stays exact in a number, whatever a record's timestamp says. */
const maxAtMs = 8_000_000_000_000;

/** T: the maximum of the receive times so far (design rule 2). */
function nextAtMs(state: ConversationState, receivedAtMs: number): number {
  return Math.max(state.lastAtMs, Math.min(receivedAtMs, maxAtMs));
}

export function decide(state: ConversationState, received: ReceivedEvent): Outcome {
  const atMs = nextAtMs(state, received.receivedAtMs);
  const moment = { atMs, writeTimestampUs: Math.max(state.writeTimestampUs + 1, atMs * 1000) };
  return received.name === 'message_sent'
    ? decideMessage(state, received.event, moment)
    : decideDirectoryEvent(state, received, moment);
}
