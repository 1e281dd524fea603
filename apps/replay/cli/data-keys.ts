/** The data keys of a cell, opened when the first sealed message is met: most commands never meet one. */
import { join } from 'node:path';
import { LmdbDataKeyReader } from '@parley/projections/data-keys/data-keys.lmdb';
import { SqlDataKeyReader } from '@parley/projections/data-keys/data-keys.sql';
import { openPostgresDirectory } from '@parley/projections/directory/open';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { DataKeys } from '@parley/streams/sealing/data-key';
import type { Logger } from 'pino';

type FoundKeys = Pick<DataKeys, 'find'>;

export interface OpenedDataKeys extends FoundKeys {
  close(): Promise<void>;
}

export const dataKeysFolder = 'data-keys';

class LazyDataKeys implements OpenedDataKeys {
  readonly #open: () => Promise<OpenedDataKeys>;
  #opened: Promise<OpenedDataKeys> | null = null;

  constructor(open: () => Promise<OpenedDataKeys>) {
    this.#open = open;
  }

  async find(ids: Parameters<FoundKeys['find']>[0]): Promise<readonly (Buffer | null)[]> {
    this.#opened ??= this.#open();
    return (await this.#opened).find(ids);
  }

  async close(): Promise<void> {
    await (await this.#opened)?.close();
  }
}

export function embeddedDataKeys(dataDir: string): OpenedDataKeys {
  const path = join(dataDir, dataKeysFolder);
  return new LazyDataKeys(async () => LmdbDataKeyReader.open(path));
}

/** @param url of PostgreSQL; without it no sealed message can be opened, and a rebuild that meets one stops */
export function clusterDataKeys(url: string | undefined, logger: Logger): OpenedDataKeys {
  return new LazyDataKeys(async () => {
    if (url === undefined) {
      throw new ParleyError('unavailable', {
        detail: 'messages that disappear need PARLEY_POSTGRES_URL for their keys',
      });
    }
    const database = await openPostgresDirectory(url, {
      migrate: false,
      onError: (error) => logger.warn({ err: error }, 'postgres connection lost'),
    });
    const keys = new SqlDataKeyReader(database);
    return { find: (ids) => keys.find(ids), close: () => database.close() };
  });
}
