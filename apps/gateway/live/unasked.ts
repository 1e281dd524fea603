/** Frames that nobody asked for: to a socket that buffers more than a little none is added, and the device is asked to sync later. */
import type { Connection } from '../connection.ts';
import type { Outgoing } from '../outgoing.ts';
import type { LiveDelivery } from './live-delivery.ts';

/** False if it was left out. */
export function writeUnasked(
  connection: Connection,
  frame: Outgoing,
  live: Pick<LiveDelivery, 'fellBehind'>,
  highWaterBytes: number,
): boolean {
  if (connection.bufferedBytes <= highWaterBytes && connection.write(frame) !== 'dropped') return true;
  live.fellBehind(connection);
  return false;
}
