/**
 * A connection to the CQL cluster as the stores use it: prepared and idempotent statements at LOCAL_QUORUM, no more in flight than
 * the cluster is meant to bear, retried while it is away.
 *
 * While no node answers, the driver fails every call at once and reconnects beneath. So a call is tried again after a pause that
 * doubles, until it has waited `giveUpAfterMs`; then it fails with `unavailable`, the partition that asked stops, and its batch
 * comes again. A write that failed may have been applied all the same: every statement carries its own write timestamp, so that
 * repeating it changes nothing.
 */
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import { pause } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { Client, type ClientOptions, errors, policies, types } from 'cassandra-driver';
import { InFlightLimit } from './in-flight-limit.ts';
import { WriteAccumulator } from './write-accumulator.ts';

export interface CqlSettings {
  readonly contactPoints: readonly string[];
  /** The local data centre, as the cluster calls it. */
  readonly datacenter: string;
  /** Absent: none; for `ensureCqlSchema`, which makes it. */
  readonly keyspace?: string;
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly tls?: NonNullable<ClientOptions['sslOptions']>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly maxInFlight?: number;
  readonly giveUpAfterMs?: number;
  /** What the driver has to say of its connections; contains addresses, and nothing of users. */
  readonly onWarning?: (message: string) => void;
}

export interface CqlStatement {
  readonly query: string;
  readonly params: readonly unknown[];
}

const defaultMaxInFlight = 256;
const maxWaiting = 50_000;
const defaultGiveUpAfterMs = 3_000;
const firstPauseMs = 50;
const maxPauseMs = 1_000;
const requestTimeoutMs = 5_000;
const maxPageRows = 5_000;
const retryAfterMs = 1_000;
const reconnectMs = { first: 100, max: 1_000 };

/** What no repetition mends: a statement that the cluster does not understand, or does not allow. */
const permanentCodes = new Set<number>([
  types.responseErrorCodes.syntaxError,
  types.responseErrorCodes.unauthorized,
  types.responseErrorCodes.invalid,
  types.responseErrorCodes.configError,
  types.responseErrorCodes.alreadyExists,
  types.responseErrorCodes.protocolError,
  types.responseErrorCodes.badCredentials,
]);

export function isPermanent(error: unknown): boolean {
  if (error instanceof errors.ResponseError) return permanentCodes.has(error.code);
  return (
    error instanceof TypeError || error instanceof errors.ArgumentError || error instanceof errors.NotSupportedError
  );
}

/** What the stores ask of a connection. */
export interface CqlSession {
  /**
   * Reads rows, following pages until there are `limit` or no more: a page may be short for reasons of the server's own.
   * @throws ParleyError `unavailable`
   */
  read(statement: CqlStatement, limit: number): Promise<types.Row[]>;
  /**
   * Applies statements of one partition as one mutation; `bytes` is about what their values take.
   * @throws ParleyError `unavailable` or `overloaded`; they may have been applied all the same
   */
  write(statements: readonly CqlStatement[], bytes: number): Promise<void>;
  close(): Promise<void>;
}

export class CqlConnection implements CqlSession {
  readonly client: Client;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #limit: InFlightLimit;
  readonly #writes = new WriteAccumulator((statements) => this.#send(statements));
  readonly #giveUpAfterMs: number;
  #closed = false;

  constructor(client: Client, settings: CqlSettings) {
    this.client = client;
    this.#clock = settings.clock;
    this.#timers = settings.timers;
    this.#limit = new InFlightLimit(settings.maxInFlight ?? defaultMaxInFlight, maxWaiting);
    this.#giveUpAfterMs = settings.giveUpAfterMs ?? defaultGiveUpAfterMs;
  }

  async read(statement: CqlStatement, limit: number): Promise<types.Row[]> {
    const rows: types.Row[] = [];
    let pageState: string | undefined;
    do {
      const page: types.ResultSet = await this.#attempt(() =>
        this.client.execute(statement.query, [...statement.params], {
          prepare: true,
          fetchSize: Math.min(limit - rows.length, maxPageRows),
          ...(pageState === undefined ? {} : { pageState }),
        }),
      );
      rows.push(...page.rows);
      pageState = page.pageState ?? undefined;
    } while (pageState !== undefined && rows.length < limit);
    return rows;
  }

  async write(statements: readonly CqlStatement[], bytes: number): Promise<void> {
    if (statements.length > 0) await this.#writes.write(statements, bytes);
  }

  /** One request: a statement, or an unlogged batch. */
  async #send(statements: readonly CqlStatement[]): Promise<void> {
    const [first] = statements;
    if (first === undefined) return;
    await this.#attempt(() =>
      statements.length === 1
        ? this.client.execute(first.query, [...first.params], { prepare: true })
        : this.client.batch(
            statements.map(({ query, params }) => ({ query, params: [...params] })),
            { prepare: true, logged: false },
          ),
    );
  }

  async #attempt<Result>(run: () => Promise<Result>): Promise<Result> {
    await this.#limit.enter();
    try {
      const startMs = this.#clock.nowMs();
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
        try {
          return await run();
        } catch (error) {
          if (isPermanent(error)) throw new ParleyError('internal', { detail: 'cql', cause: error });
          if (this.#closed || this.#clock.nowMs() - startMs >= this.#giveUpAfterMs) {
            throw new ParleyError('unavailable', { detail: 'cql', retryAfterMs, cause: error });
          }
        }
        await pause(this.#timers, pauseMs);
      }
    } finally {
      this.#limit.leave();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.client.shutdown();
  }
}

function clientOptions(settings: CqlSettings): ClientOptions {
  return {
    contactPoints: [...settings.contactPoints],
    localDataCenter: settings.datacenter,
    ...(settings.keyspace === undefined ? {} : { keyspace: settings.keyspace }),
    ...(settings.credentials === undefined ? {} : { credentials: { ...settings.credentials } }),
    ...(settings.tls === undefined ? {} : { sslOptions: settings.tls }),
    queryOptions: { consistency: types.consistencies.localQuorum, prepare: true, isIdempotent: true },
    policies: {
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(reconnectMs.first, reconnectMs.max, false),
    },
    socketOptions: { readTimeout: requestTimeoutMs, connectTimeout: requestTimeoutMs },
    // The stores know their tables; watching the schema of everybody else's costs a query at every change.
    isMetadataSyncEnabled: false,
  };
}

/** @throws ParleyError `unavailable` if no contact point answers */
export async function connectCql(settings: CqlSettings): Promise<CqlConnection> {
  const client = new Client(clientOptions(settings));
  const { onWarning } = settings;
  if (onWarning !== undefined) {
    client.on('log', (level: string, className: string, message: string) => {
      if (level === 'warning' || level === 'error') onWarning(`${className}: ${message}`);
    });
  }
  try {
    await client.connect();
  } catch (error) {
    await client.shutdown();
    throw new ParleyError('unavailable', { detail: 'cql', retryAfterMs, cause: error });
  }
  return new CqlConnection(client, settings);
}
