/** The projections of a cluster's process: a connection for each generation that the pointer names, and one for the pointer. */
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type CqlSettings, connectCql } from '../cql/connection.ts';
import { openCqlProjections } from '../cql/projections.ts';
import type { Projections } from '../projections.ts';
import { followPointer, Generations } from './generations.ts';
import { CqlPointerStore, controlKeyspace, generationKeyspace } from './pointer.cql.ts';

export interface CqlGenerationsOptions extends Omit<CqlSettings, 'keyspace' | 'onWarning'> {
  /** Of the first generation; the names of the others follow from it. */
  readonly keyspace: string;
  readonly metrics: Registry;
  readonly logger: Logger;
}

export async function openCqlGenerations(options: CqlGenerationsOptions): Promise<Projections> {
  const { keyspace, clock, timers, logger, metrics } = options;
  const connect = (name: string) =>
    connectCql({ ...options, keyspace: name, onWarning: (warning) => logger.warn({ warning }, 'cql') });
  const store = new CqlPointerStore(await connect(controlKeyspace(keyspace)), keyspace);
  const generations = await Generations.open<Projections>({
    ...{ store, clock, timers, logger },
    open: async (generation) =>
      openCqlProjections(await connect(generationKeyspace(keyspace, generation)), { clock, metrics }),
  });
  return followPointer(generations);
}
