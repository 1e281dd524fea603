/**
 * What all native services have in common: a detached process that is found again by its pid file.
 *
 * A pid is trusted only while the process's command line names the service's own folder, because pids are reused.
 * Signals go to the whole tree of processes, so that a paused PostgreSQL pauses with its backends.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './install-once.ts';
import type { NativeService, ServiceState, ServiceStatus } from './native-service.ts';
import { commandLine, isStopped, processTree, residentKib, signal } from './processes.ts';
import { until } from './until.ts';

export interface Launch {
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
}

export abstract class NativeDaemon implements NativeService {
  abstract readonly name: string;
  abstract readonly address: string;
  readonly folder: string;
  protected startTimeoutMs = 120_000;
  /** How often one that ends during its start is started. */
  protected startAttempts = 1;

  /** @param folder where configuration, data, logs and the pid file of this instance go; an absolute path */
  constructor(folder: string) {
    this.folder = folder;
  }

  abstract install(): Promise<void>;
  abstract isReady(): Promise<boolean>;
  /** Writes the configuration and says what to run. The command line must contain `this.marker`. */
  protected abstract prepare(): Promise<Launch>;
  /** What has to be set up inside the service once it answers. */
  protected async afterStart(): Promise<void> {}

  get folders(): readonly string[] {
    return [this.folder];
  }

  /** The text by which the process is known as this very instance. */
  protected get marker(): string {
    return this.folder;
  }

  protected get logFile(): string {
    return join(this.folder, `${this.name}.log`);
  }

  private get pidFile(): string {
    return join(this.folder, `${this.name}.pid`);
  }

  get pid(): number | null {
    if (!existsSync(this.pidFile)) return null;
    const pid = Number(readFileSync(this.pidFile, 'utf8'));
    return pid > 1 && commandLine(pid).includes(this.marker) ? pid : null;
  }

  async start(): Promise<void> {
    await this.install();
    for (let left = this.startAttempts; left > 0; left--) {
      try {
        await this.attempt();
        break;
      } catch (error) {
        if (left === 1 || this.pid !== null) throw error;
      }
    }
    await this.afterStart();
  }

  private async attempt(): Promise<void> {
    await withLock(`${this.folder}.lock`, async () => {
      if (this.pid !== null) return;
      if (await this.isReady()) throw new Error(`${this.name}: ${this.address} is served by something else`);
      this.spawn(await this.prepare());
    });
    await until(() => this.readyOrDead(), { what: `${this.name} at ${this.address}`, timeoutMs: this.startTimeoutMs });
  }

  private async readyOrDead(): Promise<boolean> {
    const ready = await this.isReady();
    if (this.pid === null) throw new Error(`${this.name} ended during its start:\n${this.lastLogLines()}`);
    return ready;
  }

  private spawn(launch: Launch): void {
    mkdirSync(this.folder, { recursive: true });
    const log = openSync(this.logFile, 'a');
    const child = spawn(launch.command, launch.args, {
      cwd: launch.cwd ?? this.folder,
      env: launch.env ?? process.env,
      ...(launch.uid === undefined ? {} : { uid: launch.uid }),
      ...(launch.gid === undefined ? {} : { gid: launch.gid }),
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    if (child.pid === undefined) {
      child.once('error', () => undefined); // Said below, where somebody waits for it.
      throw new Error(`${this.name}: ${launch.command} can't be run`);
    }
    writeFileSync(this.pidFile, String(child.pid));
    child.unref();
  }

  protected lastLogLines(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8').split('\n').slice(-25).join('\n') : '';
  }

  async stop(): Promise<void> {
    const pid = this.pid;
    if (pid === null) return;
    this.resume();
    signal(pid, this.stopSignal);
    try {
      await until(() => this.pid === null, { what: `the end of ${this.name}`, timeoutMs: 30_000 });
    } catch {
      await this.kill(); // It did not end when asked.
    }
    rmSync(this.pidFile, { force: true });
  }

  protected get stopSignal(): NodeJS.Signals {
    return 'SIGTERM';
  }

  async kill(): Promise<void> {
    const pid = this.pid;
    if (pid === null) return;
    const tree = processTree(pid);
    for (const member of tree) signal(member, 'SIGKILL');
    await until(() => tree.every((member) => commandLine(member) === ''), {
      what: `the death of ${this.name}`,
      timeoutMs: 10_000,
      everyMs: 10,
    });
    rmSync(this.pidFile, { force: true });
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  pause(): void {
    this.signalTree('SIGSTOP');
  }

  resume(): void {
    this.signalTree('SIGCONT');
  }

  private signalTree(name: NodeJS.Signals): void {
    const pid = this.pid;
    if (pid !== null) for (const member of processTree(pid)) signal(member, name);
  }

  async status(): Promise<ServiceStatus> {
    const pid = this.pid;
    return {
      name: this.name,
      state: await this.state(pid),
      pid,
      address: this.address,
      residentKib: pid === null ? 0 : processTree(pid).reduce((sum, member) => sum + residentKib(member), 0),
    };
  }

  private async state(pid: number | null): Promise<ServiceState> {
    if (pid === null) return 'down';
    if (isStopped(pid)) return 'paused';
    return (await this.isReady()) ? 'up' : 'starting';
  }

  async wipe(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
