/** Where nothing fails, a message is on every connected device in a moment. */
import type { Check } from './check.ts';

/** Of the simulator's time: far above what networks and catch-up take there, below the time after which sessions heal. */
const mostMs = 8_000;

export const late: Check = {
  name: 'late',
  means: 'A conversation is no conversation: answers appear long after they were written, though everybody is online.',
  invariants: [9],
  find({ delays = [] }) {
    return delays
      .filter(({ tookMs }) => tookMs > mostMs)
      .map(
        ({ deviceId, conversationId, seq, tookMs }) =>
          `${deviceId} got seq ${seq} of ${conversationId} after ${tookMs} ms`,
      );
  },
};
