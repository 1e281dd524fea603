/**
 * The projections of a standalone process: an LMDB environment for each generation that the pointer names, as their owner.
 *
 * Checkpoints are saved in every environment that is written, after the writes that they stand for, and loaded from the one that is
 * read. One that joins takes over the checkpoints of all groups in the same turn, so that after a swap no group begins anew: what lies
 * below them is what the rebuild brings in before anybody may read it.
 */
import type { Timers } from '@parley/schemas/environment/clock';
import type { CheckpointStore } from '@parley/streams/log/log';
import type { Logger } from 'pino';
import {
  type EmbeddedProjections,
  type EmbeddedProjectionsOptions,
  openEmbeddedProjections,
} from '../lmdb/projections.ts';
import type { Projections } from '../projections.ts';
import { followPointer, Generations } from './generations.ts';
import { EmbeddedPointerStore, generationFolder } from './pointer.embedded.ts';

export interface EmbeddedGenerationsOptions extends EmbeddedProjectionsOptions {
  readonly timers: Timers;
  readonly logger: Logger;
}

export interface FollowedProjections extends Projections {
  readonly checkpoints: CheckpointStore;
  /** Takes away rows that are over, at most so many of each generation; resolves to the most that were taken of one. */
  sweepExpired(limit: number): Promise<number>;
}

export async function openEmbeddedGenerations(
  dataDir: string,
  options: EmbeddedGenerationsOptions,
): Promise<FollowedProjections> {
  const { clock, timers, logger } = options;
  const generations = await Generations.open<EmbeddedProjections>({
    ...{ store: new EmbeddedPointerStore(dataDir), clock, timers, logger },
    open: async (generation) => {
      const opened = openEmbeddedProjections(generationFolder(dataDir, generation), options);
      if (opened.startedEmpty)
        logger.warn({ generation }, 'the machine stopped uncleanly: projections are derived again from the log');
      return opened;
    },
    joined: (joined, read) => {
      joined.checkpoints.raise(read.checkpoints.all()).catch((error: unknown) => {
        logger.error({ err: error }, 'checkpoints were not taken over: after a swap, groups may repeat work');
      });
    },
  });
  return {
    ...followPointer(generations),
    checkpoints: checkpointsOf(generations),
    sweepExpired: async (limit) =>
      Math.max(...(await Promise.all(generations.write.map((one) => one.sweepExpired(limit))))),
  };
}

function checkpointsOf(generations: Generations<EmbeddedProjections>): CheckpointStore {
  return {
    load: (...place) => generations.read.checkpoints.load(...place),
    save: async (...checkpoint) => {
      const { write } = generations;
      if (write.length === 1) return write[0]!.checkpoints.save(...checkpoint);
      await Promise.all(write.map(({ checkpoints }) => checkpoints.save(...checkpoint)));
    },
  };
}
