/**
 * The projection pointer of a cluster: one row in a keyspace of its own, so that it outlives any generation.
 *
 * The version is its write timestamp: whatever is written late or twice, the greatest version stays.
 */
import { types } from 'cassandra-driver';
import type { CqlSession } from '../cql/connection.ts';
import { applySchema, type CqlKeyspace, keyspaceStatement, type StatementRunner } from '../cql/schema.ts';
import {
  checkSuccessor,
  decodePointer,
  encodePointer,
  firstGeneration,
  firstPointer,
  type Generation,
  type PointerStore,
  type ProjectionPointer,
} from './pointer.ts';

const rowName = 'projections';
const rowBytes = 256;

/** The keyspace of a generation, by that of the first. */
export function generationKeyspace(keyspace: string, generation: Generation): string {
  return generation === firstGeneration ? keyspace : `${keyspace}_${generation}`;
}

export function controlKeyspace(keyspace: string): string {
  return `${keyspace}_control`;
}

export function ensureControlSchema(client: StatementRunner, settings: CqlKeyspace): Promise<void> {
  const keyspace = controlKeyspace(settings.keyspace);
  return applySchema(client, [
    keyspaceStatement({ ...settings, keyspace }),
    `CREATE TABLE IF NOT EXISTS ${keyspace}.pointers (name text PRIMARY KEY, pointer text)`,
  ]);
}

export class CqlPointerStore implements PointerStore {
  readonly #session: CqlSession;
  readonly #table: string;

  /** The store owns the session from here on. */
  constructor(session: CqlSession, keyspace: string) {
    this.#session = session;
    this.#table = `${controlKeyspace(keyspace)}.pointers`;
  }

  async read(): Promise<ProjectionPointer> {
    const query = `SELECT pointer FROM ${this.#table} WHERE name = ?`;
    const [row] = await this.#session.read({ query, params: [rowName] }, 1);
    return row === undefined ? firstPointer : decodePointer(String(row['pointer']));
  }

  async write(pointer: ProjectionPointer): Promise<void> {
    checkSuccessor(await this.read(), pointer);
    const query = `INSERT INTO ${this.#table} (name, pointer) VALUES (?, ?) USING TIMESTAMP ?`;
    const params = [rowName, encodePointer(pointer), types.Long.fromNumber(pointer.version)];
    await this.#session.write([{ query, params }], rowBytes);
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
