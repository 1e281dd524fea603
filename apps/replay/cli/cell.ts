/** What a command works on: a cell's log, its schemas and its projections, whichever profile it runs on. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Log, LogReader } from '@parley/streams/log/log';
import type { DataKeys } from '@parley/streams/sealing/data-key';
import type { GenerationAccess } from '../generations/access.ts';
import type { Evidence } from '../trace/evidence.ts';

export type Profile = 'embedded' | 'cluster';

export interface Cell {
  readonly profile: Profile;
  /** For reading alone: a replay never appends to the topics that it reads. */
  readonly log: LogReader;
  readonly codec: EventCodec;
  /**
   * The same log for appending: to topics of its own, such as the audit's, never to those that it reads. Whoever asked closes it.
   * @throws ParleyError `unavailable` on the embedded profile while a process holds the folder
   */
  openWriter(): Promise<Log>;
  /** Those under which the log holds what disappears. */
  readonly dataKeys: Pick<DataKeys, 'find'>;
  /** What is known of messages outside of the log's topics. Whoever asked closes it. */
  openEvidence(): Promise<Evidence>;
  /** The generations of its projections. */
  readonly generations: GenerationAccess;
  close(): Promise<void>;
}
