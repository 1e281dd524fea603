/**
 * Processes in the foreground of a terminal: started one after the other, their output shown in a readable form, stopped in order.
 *
 * Each has a process group of its own, so that Ctrl-C reaches this process alone, which then stops them the other way round, one
 * group after the other: gateways drain while processors still answer. If one ends by itself, all are stopped.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { readable } from './log-line.ts';

export interface ForegroundProcess {
  readonly name: string;
  /** Absolute path of the built main. */
  readonly main: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface RunningProcess {
  readonly name: string;
  readonly child: ChildProcess;
  readonly gone: Promise<void>;
}

export class Foreground {
  readonly #groups: RunningProcess[][] = [];
  #stopping: Promise<void> | null = null;
  #exitCode = 0;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void this.#end(0));
  }

  /** Resolves when all of them said that they started; a group is also what is stopped together. */
  async start(group: readonly ForegroundProcess[]): Promise<void> {
    const running: RunningProcess[] = [];
    this.#groups.push(running);
    await Promise.all(group.map((one) => this.#start(one, running)));
  }

  #start({ name, main, env }: ForegroundProcess, running: RunningProcess[]): Promise<void> {
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    return new Promise((started) => {
      const show = (text: string): void => {
        console.log(readable(name, text));
        if (text.startsWith('{') && text.includes('"msg":"started"')) started();
      };
      createInterface({ input: child.stdout }).on('line', show);
      createInterface({ input: child.stderr }).on('line', show);
      const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
      running.push({ name, child, gone });
      child.once('exit', (code, signal) => {
        if (this.#stopping !== null) return;
        console.log(`${name} ended (${signal ?? code}): everything is stopped`);
        void this.#end(1);
      });
    });
  }

  #end(exitCode: number): Promise<void> {
    this.#exitCode = Math.max(this.#exitCode, exitCode);
    this.#stopping ??= this.#stop().then(() => process.exit(this.#exitCode));
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    console.log('\nstopping …');
    for (const group of this.#groups.toReversed()) {
      for (const { child } of group) child.kill('SIGTERM');
      await Promise.all(group.map(({ gone }) => gone));
    }
  }
}
