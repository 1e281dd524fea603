/**
 * The one LMDB environment of all embedded projections and of the checkpoints of the groups that fill them.
 *
 * It is not synced: the log can rebuild it, so a commit costs no disk write. Whether it can be trusted after a crash is decided
 * at the opening (crash-marker.ts): if not, it starts empty, the checkpoints with it, and the log is read again from the start
 * (design rule 11).
 *
 * Writes are grouped: what is asked for in one turn of the event loop becomes one transaction, in the order asked. Rows are
 * mapped straight into the file (useWritemap) and committed on the calling thread: without a sync a commit is a few memory
 * writes, and handing it to another thread costs twice what it takes (measured per message of five rows, groups of 10 and 100:
 * 14 and 13 µs so, 29 and 15 µs by asynchronous transactions, 38 and 29 µs by those without the map).
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { assertRoom, freeBytesOf, projectionReserveBytes } from '@parley/streams/log/lmdb/free-space';
import { type Database, open, type RootDatabase, TransactionFlags } from 'lmdb';
import { type Condition, conditionOf, forgetGuest, machineBootId, syncPath, writeMarker } from './crash-marker.ts';

export type RowDatabase = Database<Buffer, Buffer>;

/** What `putSync` does inside a transaction and its types do not tell: false where `noOverwrite` found a row. */
interface ConditionalPut {
  putSync(key: Buffer, value: Buffer, options: { readonly noOverwrite: true }): boolean;
}

/** Inside a transaction: puts the row unless there is one, in a single descent of the tree. True if it was put. */
export function putIfAbsent(database: RowDatabase, key: Buffer, value: Buffer): boolean {
  return (database as unknown as ConditionalPut).putSync(key, value, { noOverwrite: true });
}

/** Grows when the bytes of any row change their meaning; an environment of another layout is rebuilt from the log. */
const layout = 3;
const maxPendingWrites = 10_000;
const databases = 12;

/**
 * `owner`: the process that the environment belongs to. `guest`: another process that writes into it meanwhile; it does not map the
 * file for writing, because two such maps that grow in turns tear each other (tried: a bus error). `reader`: only looks.
 */
export type EnvRole = 'owner' | 'guest' | 'reader';

export interface ProjectionEnvOptions {
  /** A folder; made if it is missing. */
  readonly path: string;
  readonly role?: EnvRole;
  /** For tests: another id means that the machine was started again. */
  readonly bootId?: string | null;
  /** For tests: how much room the disk has. */
  readonly freeBytes?: () => number;
  /** Runs a function at the end of the current turn of the event loop. */
  readonly defer?: (run: () => void) => void;
}

interface PendingWrite {
  readonly apply: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class ProjectionEnv {
  /** `lost`: there was a store, and it was thrown away. */
  readonly found: Condition;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #path: string;
  readonly #bootId: string | null;
  readonly #defer: (run: () => void) => void;
  readonly #role: EnvRole;
  readonly #freeBytes: () => number;
  #pending: PendingWrite[] = [];
  #closed = false;

  constructor(options: ProjectionEnvOptions) {
    this.#path = options.path;
    this.#bootId = options.bootId === undefined ? machineBootId() : options.bootId;
    this.#defer = options.defer ?? setImmediate;
    this.#role = options.role ?? 'owner';
    this.#freeBytes = options.freeBytes ?? (() => freeBytesOf(options.path));
    this.found = this.#role === 'owner' ? this.#take() : this.#join();
    this.#root = open<Buffer, Buffer>({
      path: options.path,
      noSubdir: false,
      noSync: true,
      useWritemap: this.#role === 'owner',
      readOnly: this.#role === 'reader',
      noMemInit: true,
      keyEncoding: 'binary',
      encoding: 'binary',
      maxDbs: databases,
    });
  }

  #take(): Condition {
    const path = this.#path;
    mkdirSync(path, { recursive: true });
    const data = join(path, 'data.mdb');
    const found = conditionOf(path, this.#bootId, layout, existsSync(data));
    if (found === 'lost') {
      rmSync(data, { force: true });
      rmSync(join(path, 'lock.mdb'), { force: true });
      forgetGuest(path);
    }
    // Before the first write: from here on nothing but a close vouches for the store under another boot.
    writeMarker(path, this.#bootId, layout, false);
    return found;
  }

  /** Whoever is not the owner makes nothing, and throws nothing away. */
  #join(): Condition {
    const found = conditionOf(this.#path, this.#bootId, layout, existsSync(join(this.#path, 'data.mdb')));
    if (found !== 'sound')
      throw new ParleyError('unavailable', { detail: `the projections in ${this.#path} are ${found}` });
    if (this.#role === 'guest') writeMarker(this.#path, this.#bootId, layout, false, 'guest');
    return found;
  }

  /** @throws ParleyError `not_found` to a reader, if nobody has made it */
  database(name: string): RowDatabase {
    // For reading alone, lmdb answers with nothing what is not there; its types do not tell.
    const options = { name, keyEncoding: 'binary', encoding: 'binary' } as const;
    const database = this.#root.openDB<Buffer, Buffer>(options) as RowDatabase | undefined;
    if (database === undefined) throw new ParleyError('not_found', { detail: `no database ${name}` });
    return database;
  }

  /**
   * Runs `apply` inside the next transaction, after every write asked for before; resolves when that is committed and visible to
   * reads. What throws is rolled back alone.
   * @throws ParleyError `overloaded` if too many writes wait, `unavailable` once closed
   */
  write(apply: () => void): Promise<void> {
    if (this.#closed) return Promise.reject(new ParleyError('unavailable', { detail: 'the projections are closed' }));
    if (this.#pending.length >= maxPendingWrites) return Promise.reject(new ParleyError('overloaded'));
    return new Promise((resolve, reject) => {
      this.#pending.push({ apply, resolve, reject });
      if (this.#pending.length === 1) this.#defer(() => this.#flush());
    });
  }

  #flush(): void {
    const group = this.#pending;
    this.#pending = [];
    if (group.length === 0) return;
    try {
      this.#commit(() => {
        for (const write of group) write.apply();
      });
    } catch (error) {
      if (group.length === 1) group[0]!.reject(failure(error));
      else this.#flushOneByOne(group);
      return;
    }
    for (const write of group) write.resolve();
  }

  /** One of the group threw and took the others with it: each gets a transaction of its own. */
  #flushOneByOne(group: readonly PendingWrite[]): void {
    for (const write of group) {
      try {
        this.#commit(write.apply);
        write.resolve();
      } catch (error) {
        write.reject(failure(error));
      }
    }
  }

  #commit(apply: () => void): void {
    assertRoom(this.#freeBytes(), projectionReserveBytes, 'unavailable');
    this.#root.transactionSync(apply, TransactionFlags.ABORTABLE | TransactionFlags.NO_SYNC_FLUSH);
  }

  /** Commits what waits, syncs, and vouches for the store. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#flush();
    await this.#root.close();
    if (this.#role === 'reader') return;
    syncPath(join(this.#path, 'data.mdb'));
    writeMarker(this.#path, this.#bootId, layout, true, this.#role);
  }
}

/** Rows that cannot be written keep their code; what LMDB says is a store that does not take them now. */
function failure(error: unknown): ParleyError {
  return error instanceof ParleyError ? error : new ParleyError('unavailable', { detail: 'lmdb', cause: error });
}

export function openProjectionEnv(options: ProjectionEnvOptions): ProjectionEnv {
  return new ProjectionEnv(options);
}
