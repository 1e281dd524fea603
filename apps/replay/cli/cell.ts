/** What a command works on: a cell's log, its schemas and its projections, whichever profile it runs on. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { LogReader } from '@parley/streams/log/log';

export type Profile = 'embedded' | 'cluster';

export interface Cell {
  readonly profile: Profile;
  /** For reading alone: a replay never appends to the topics that it reads. */
  readonly log: LogReader;
  readonly codec: EventCodec;
  close(): Promise<void>;
}
