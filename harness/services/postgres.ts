/**
 * PostgreSQL for tests and development. It refuses to run as root, so for root it runs as the user `postgres`, with its
 * data where that user can reach it.
 */
import { createHash } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { type Launch, NativeDaemon } from './native-daemon.ts';
import { run } from './processes.ts';
import { postgres, provide } from './system-packages.ts';
import { until } from './until.ts';

export class PostgresService extends NativeDaemon {
  readonly name = 'postgres';
  readonly address: string;
  private readonly port: number;
  private readonly data: string;
  private readonly database: string;

  constructor(folder: string, port: number, database = 'parley') {
    super(folder);
    this.port = port;
    this.database = database;
    this.address = `postgres://postgres@127.0.0.1:${port}/${database}`;
    this.data = reachableByOthers(folder) ? join(folder, 'data') : substituteFolder(folder);
  }

  override get folders(): readonly string[] {
    return [this.folder, this.data];
  }

  protected override get marker(): string {
    return this.data;
  }

  /** SIGINT is the fast shutdown: it ends sessions instead of waiting for them. */
  protected override get stopSignal(): NodeJS.Signals {
    return 'SIGINT';
  }

  async install(): Promise<void> {
    await provide(postgres);
  }

  async isReady(): Promise<boolean> {
    return (await this.query('postgres', 'SELECT 1')) !== null;
  }

  protected async prepare(): Promise<Launch> {
    const programs = dirname(await provide(postgres));
    const owner = await databaseOwner();
    if (!existsSync(join(this.data, 'PG_VERSION'))) {
      mkdirSync(this.data, { recursive: true });
      if (owner.uid !== undefined && owner.gid !== undefined) chownSync(this.data, owner.uid, owner.gid);
      const init = ['-D', this.data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-locale', '--no-sync'];
      await run(join(programs, 'initdb'), init, { ...owner, cwd: this.data });
    }
    const settings = {
      port: String(this.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '200',
      // A killed process loses nothing that the kernel holds, only a dead machine does: no need to wait for the disk.
      fsync: 'off',
      full_page_writes: 'off',
      synchronous_commit: 'on',
    };
    const args = ['-D', this.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    return { command: join(programs, 'postgres'), args, cwd: this.data, ...owner };
  }

  protected override async afterStart(): Promise<void> {
    const known = await this.query('postgres', `SELECT 1 FROM pg_database WHERE datname = '${this.database}'`);
    if (known?.length === 0) await this.query('postgres', `CREATE DATABASE "${this.database}"`);
    const isThere = async () => (await this.query(this.database, 'SELECT 1')) !== null;
    await until(isThere, { what: `postgres: no database ${this.database}`, timeoutMs: 20_000 });
  }

  private async query(database: string, sql: string): Promise<unknown[] | null> {
    const client = new Client({
      host: '127.0.0.1',
      port: this.port,
      user: 'postgres',
      database,
      connectionTimeoutMillis: 2_000,
      query_timeout: 10_000,
    });
    client.on('error', () => undefined); // A connection that breaks shows as a failed query below.
    try {
      await client.connect();
      return (await client.query(sql)).rows;
    } catch {
      return null; // Not answering is the question, not an error.
    } finally {
      await client.end().catch(() => undefined); // It may never have been connected.
    }
  }

  override async wipe(): Promise<void> {
    await super.wipe();
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** Whom the server runs as: ourselves, or `postgres` where we are root. */
async function databaseOwner(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
  return { uid: Number(uid), gid: Number(gid) };
}

/** Whether every existing folder on the way lets other users pass; only root has to ask. */
function reachableByOthers(folder: string): boolean {
  if (process.getuid?.() !== 0) return true;
  for (let path = folder; path !== dirname(path); path = dirname(path)) {
    if (existsSync(path) && (statSync(path).mode & 0o001) === 0) return false;
  }
  return true;
}

function substituteFolder(folder: string): string {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(tmpdir(), `parley-postgres-${name}`);
}
