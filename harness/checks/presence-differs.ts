/** Who is online is shown as online, and who is not is not, to everybody who watches (design rules 17 and 19). */
import type { Check } from './check.ts';

export const presenceDiffers: Check = {
  name: 'presence_differs',
  means: 'A friend is shown as online for hours after they left, or as away while they write.',
  invariants: [],
  find({ presence = [] }) {
    return presence
      .filter(({ shown, actual }) => shown !== actual)
      .map(({ userId, toldTo, shown, actual }) => `${userId} is ${actual}, ${toldTo} has ${shown}`);
  },
};
