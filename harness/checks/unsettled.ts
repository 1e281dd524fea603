/** Whatever the log holds has a verdict, and so has everything of a sender that is connected. */
import type { Check } from './check.ts';

export const unsettled: Check = {
  name: 'unsettled',
  means:
    'A message hangs with a clock beside it for ever: its sender knows neither that it arrived nor that it did not.',
  invariants: [1],
  find({ sends, devices }) {
    const online = new Set(devices.filter(({ isOnline }) => isOnline).map(({ deviceId }) => deviceId));
    return sends
      .filter(
        ({ verdict, isAppended, senderDeviceId }) => verdict === null && (isAppended || online.has(senderDeviceId)),
      )
      .map(({ content, isAppended }) => `${content} has no verdict${isAppended ? ', although the log holds it' : ''}`);
  },
};
