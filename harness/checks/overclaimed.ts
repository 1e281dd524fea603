/** A receipt claims nothing that the device lacks (invariant 4). */
import type { Check } from './check.ts';

export const overclaimed: Check = {
  name: 'overclaimed',
  means: 'The sender sees two ticks beside a message that never arrived.',
  invariants: [4],
  find({ claims = [] }) {
    return claims
      .filter(({ lacked, isBaseless }) => lacked.length > 0 || isBaseless === true)
      .map(
        ({ deviceId, conversationId, kind, seq, lacked }) =>
          `${deviceId} said ${kind} ${seq} of ${conversationId} without ${lacked.join(', ') || 'any of it'}`,
      );
  },
};
