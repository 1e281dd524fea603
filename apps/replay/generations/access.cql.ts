/** Generations in a CQL cluster: a keyspace each. */
import { type CqlConnection, type CqlSettings, connectCql } from '@parley/projections/cql/connection';
import { openCqlProjections } from '@parley/projections/cql/projections';
import { applySchema, type CqlKeyspace, ensureCqlSchema } from '@parley/projections/cql/schema';
import { firstGeneration, type Generation, isGeneration } from '@parley/projections/generations/pointer';
import {
  CqlPointerStore,
  controlKeyspace,
  ensureControlSchema,
  generationKeyspace,
} from '@parley/projections/generations/pointer.cql';
import type { RebuildPosition } from '@parley/projections/generations/rebuild-store';
import { CqlRebuildStore, ensureRebuildSchema } from '@parley/projections/generations/rebuild-store.cql';
import { CqlScan } from '@parley/projections/scan/scan.cql';
import { StoreWrites } from '@parley/projections/store-writes';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { Registry } from 'prom-client';
import type { FilledGeneration, FillOptions, GenerationAccess, OpenedGeneration } from './access.ts';

type Settings = Omit<CqlSettings, 'keyspace'> & CqlKeyspace;

export class CqlGenerationAccess implements GenerationAccess {
  readonly pointer: CqlPointerStore;
  readonly #settings: Settings;
  readonly #control: CqlConnection;
  readonly #looked = new Map<Generation, Promise<CqlConnection>>();

  private constructor(settings: Settings, control: CqlConnection) {
    this.#settings = settings;
    this.#control = control;
    this.pointer = new CqlPointerStore(control, settings.keyspace);
  }

  static async connect(settings: Settings): Promise<CqlGenerationAccess> {
    const { keyspace: _none, ...connection } = settings;
    const control = await connectCql(connection);
    await ensureControlSchema(control.client, settings);
    return new CqlGenerationAccess(settings, control);
  }

  async look(generation: Generation): Promise<OpenedGeneration> {
    if (!(await this.list()).includes(generation))
      throw new ParleyError('not_found', { detail: `no generation ${generation}` });
    const connection = this.#looked.get(generation) ?? this.#connect(generation);
    this.#looked.set(generation, connection);
    return this.#opened(generation, await connection);
  }

  async fill(generation: Generation, { maxInFlight }: FillOptions): Promise<FilledGeneration> {
    const keyspace = generationKeyspace(this.#settings.keyspace, generation);
    await ensureCqlSchema(this.#control.client, { ...this.#settings, keyspace });
    await ensureRebuildSchema(this.#control.client, keyspace);
    const connection = await this.#connect(generation, maxInFlight);
    const rebuild = new CqlRebuildStore(connection, new StoreWrites(new Registry()));
    return {
      ...this.#opened(generation, connection),
      rebuild,
      takeCheckpoints: () => Promise.resolve(),
      close: () => connection.close(),
    };
  }

  async positions(generation: Generation): Promise<readonly RebuildPosition[] | null> {
    const keyspace = generationKeyspace(this.#settings.keyspace, generation);
    const query = 'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?';
    const tables = await this.#control.read({ query, params: [keyspace] }, 100);
    if (!tables.some((row) => row['table_name'] === 'rebuild_positions')) return null;
    const connection = await this.#connect(generation);
    try {
      return await new CqlRebuildStore(connection, new StoreWrites(new Registry())).positions();
    } finally {
      await connection.close();
    }
  }

  async drop(generation: Generation): Promise<void> {
    await applySchema(this.#control.client, [
      `DROP KEYSPACE IF EXISTS ${generationKeyspace(this.#settings.keyspace, generation)}`,
    ]);
  }

  /** The pointer too: for cells that go away as a whole. */
  async dropControl(): Promise<void> {
    await applySchema(this.#control.client, [`DROP KEYSPACE IF EXISTS ${controlKeyspace(this.#settings.keyspace)}`]);
  }

  async list(): Promise<readonly Generation[]> {
    const { keyspace } = this.#settings;
    const query = 'SELECT keyspace_name FROM system_schema.keyspaces';
    const names = (await this.#control.read({ query, params: [] }, 100_000)).map((row) => String(row['keyspace_name']));
    const others = names
      .filter((name) => name.startsWith(`${keyspace}_`))
      .map((name) => name.slice(keyspace.length + 1));
    return [...(names.includes(keyspace) ? [firstGeneration] : []), ...others.filter(isGeneration)];
  }

  async close(): Promise<void> {
    for (const connection of this.#looked.values()) await (await connection).close();
    await this.pointer.close();
  }

  #connect(generation: Generation, maxInFlight?: number): Promise<CqlConnection> {
    const keyspace = generationKeyspace(this.#settings.keyspace, generation);
    return connectCql({ ...this.#settings, keyspace, ...(maxInFlight === undefined ? {} : { maxInFlight }) });
  }

  #opened(generation: Generation, connection: CqlConnection): OpenedGeneration {
    const projections = openCqlProjections(connection, { clock: this.#settings.clock, metrics: new Registry() });
    return { generation, projections, scan: new CqlScan(connection, this.#settings.timers, this.#settings.clock) };
  }
}
