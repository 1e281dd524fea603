/** The committed history as the running code has it: from generated/history.ts, so that no file is read. */
import type { EventName } from '../generated/events.ts';
import { committedVersions } from '../generated/history.ts';
import type { Compatibility } from './compatibility.ts';

export interface CommittedSchema {
  /** Names the schema in records of an embedded log. */
  readonly id: number;
  readonly event: EventName;
  readonly subject: string;
  readonly version: number;
  readonly compatibility: Compatibility;
  readonly schema: unknown;
  /** True for the version that this build writes. */
  readonly current: boolean;
}

/** Every version of every subject, in order of id. */
export const committedSchemas: readonly CommittedSchema[] = committedVersions;
