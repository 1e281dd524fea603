/** What is known of devices outside of the log and the projections, as far as it can be read from here. */
import type { SessionLookup } from '@parley/streams/delivery/delivery';
import type { DeviceDirectory } from '@parley/streams/processors/ports';

export interface Evidence {
  readonly sessions: SessionLookup | null;
  readonly devices: DeviceDirectory | null;
  /** What can't be read from here, and why. */
  readonly unread: readonly string[];
  close(): Promise<void>;
}

/** Said where there is no directory. */
export const devicesOfTheLog = 'devices are those that presence, receipts and push jobs name';
