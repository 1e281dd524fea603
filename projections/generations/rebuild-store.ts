/**
 * What a rebuild keeps in the generation that it fills, so that it can be stopped at any point and goes on where it was.
 *
 * Its fold states are its own, beside the generation's: as soon as processors write into the generation too, the generation's states
 * are ahead of what the rebuild has brought in, and a rebuild that began from those would skip what lies between.
 */
import type { FoldStateStore } from '@parley/streams/processors/ports';

export interface RebuildPosition {
  readonly topic: string;
  readonly partition: number;
  /** Everything below is in the generation. */
  readonly nextOffset: number;
  /** How many records there were below: fewer than offsets where the log was compacted. */
  readonly records: number;
}

export interface RebuildStore {
  readonly states: FoldStateStore;
  positions(): Promise<readonly RebuildPosition[]>;
  /** After everything that it stands for. */
  save(position: RebuildPosition): Promise<void>;
}

export function isCompacted({ nextOffset, records }: RebuildPosition): boolean {
  return records < nextOffset;
}
