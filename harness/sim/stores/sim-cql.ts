/** A process's session with the simulated CQL engine: every read and write is a request over the network. */
import type { CqlSession, CqlStatement } from '@parley/projections/cql/connection';
import type { types } from 'cassandra-driver';
import type { Life } from '../environment/life.ts';
import type { Remote } from '../environment/remote.ts';
import type { CqlEngine } from './cql-engine.ts';

export class SimCqlSession implements CqlSession {
  readonly #engine: CqlEngine;
  readonly #remote: Remote;
  readonly #life: Life;

  constructor(engine: CqlEngine, remote: Remote, life: Life) {
    this.#engine = engine;
    this.#remote = remote;
    this.#life = life;
  }

  read(statement: CqlStatement, limit: number): Promise<types.Row[]> {
    return this.#remote.call(this.#life, () => this.#engine.read(statement, limit));
  }

  write(statements: readonly CqlStatement[]): Promise<void> {
    return this.#remote.call(this.#life, () => this.#engine.write(statements));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
