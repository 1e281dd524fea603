/** One process of Parley under test: started from the built code, harmed, stopped, and read by its log lines. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { until } from '../services/until.ts';

export interface LogLine {
  readonly msg?: string;
  readonly level?: number;
  readonly [key: string]: unknown;
}

export interface AppProcessOptions {
  readonly name: string;
  /** Absolute path of the built main. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  /** Command in front of node, such as ['taskset', '-c', '0'] or ['faketime', …]. */
  readonly wrapper?: readonly string[];
  readonly nodeArguments?: readonly string[];
  readonly startTimeoutMs?: number;
  /** Called for every log line. */
  readonly onLog?: (line: LogLine) => void;
  /** Called at its end, whoever ended it, with its exit code or the signal that ended it. */
  readonly onExit?: (how: number | NodeJS.Signals) => void;
}

/** The newest lines, for the report of a test that failed. */
const keptLines = 200;

export class AppProcess {
  readonly name: string;
  readonly #options: AppProcessOptions;
  #child: ChildProcess | null = null;
  #started = false;
  #lines: string[] = [];

  constructor(options: AppProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  /** Resolves when the process says that it has started. */
  async start(): Promise<void> {
    if (this.#child !== null) throw new Error(`${this.name} runs already`);
    this.#started = false;
    this.#lines = [];
    const { main, env, wrapper = [], nodeArguments = [] } = this.#options;
    const [command, ...rest] = [...wrapper, process.execPath, ...nodeArguments, main];
    const child = spawn(command!, rest, {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.#line(line));
    createInterface({ input: child.stderr }).on('line', (line) => this.#keep(line));
    // Whatever ends the harness ends what it started.
    const orphaned = (): void => {
      child.kill('SIGKILL');
    };
    process.once('exit', orphaned);
    child.on('exit', (code, signalName) => {
      process.off('exit', orphaned);
      if (this.#child === child) this.#child = null;
      this.#options.onExit?.(code ?? signalName!);
    });
    await until(() => this.#started || this.#child === null, {
      what: `${this.name} starts`,
      timeoutMs: this.#options.startTimeoutMs ?? 60_000,
      everyMs: 10,
    }).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.tail()}`);
    });
    if (!this.#started) throw new Error(`${this.name} ended while it started:\n${this.tail()}`);
  }

  #line(text: string): void {
    this.#keep(text);
    if (!text.startsWith('{')) return;
    const line = JSON.parse(text) as LogLine;
    if (line.msg === 'started') this.#started = true;
    this.#options.onLog?.(line);
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > keptLines) this.#lines.shift();
  }

  tail(lines = 40): string {
    return this.#lines.slice(-lines).join('\n');
  }

  /** The last that came from outside of its logger, such as what the C library says before it aborts. */
  lastCry(): string {
    return this.#lines
      .filter((line) => !line.startsWith('{'))
      .slice(-3)
      .join('; ');
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL', 10_000);
  }

  /** SIGTERM; resolves when the process is gone, to its exit code. */
  async stop(timeoutMs = 40_000): Promise<number | null> {
    const child = this.#child;
    await this.#end('SIGTERM', timeoutMs);
    return child?.exitCode ?? null;
  }

  async #end(name: NodeJS.Signals, timeoutMs: number): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGCONT');
    child.kill(name);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`${this.name} did not end within ${timeoutMs} ms:\n${this.tail()}`));
      }, timeoutMs);
    });
    await Promise.race([gone, late]).finally(() => clearTimeout(timer));
  }
}
