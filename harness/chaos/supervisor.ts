/**
 * Keeps processes running as an init system does: whatever ends is started again, until it is to stay away.
 *
 * A process may end because it can't reach a service while it starts, or because its clock is wrong: then it is tried again. One that
 * had started and then ended with an error is a defect, whatever was done to its surroundings.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../services/until.ts';

export interface Supervised {
  /** Resolves when it has started; rejects if it ended before. */
  start(name: string): Promise<void>;
  /** Makes sure that nothing is left of it. */
  kill(name: string): Promise<void>;
}

/** Longer each time, or everything that waits for one service would keep that from starting. */
const firstPauseMs = 500;
const longestPauseMs = 4_000;

interface State {
  wanted: boolean;
  started: boolean;
  attempt: Promise<void> | null;
}

export class Supervisor {
  /** Ends that nothing explains. */
  readonly crashes: string[] = [];
  readonly #processes: Supervised;
  readonly #states = new Map<string, State>();
  readonly #tell: (line: string) => void;

  constructor(processes: Supervised, tell: (line: string) => void) {
    this.#processes = processes;
    this.#tell = tell;
  }

  /** From now on it is to run. */
  keep(name: string): void {
    const state = this.#state(name);
    state.wanted = true;
    state.attempt ??= this.#attempt(name, state).finally(() => {
      state.attempt = null;
    });
  }

  /** From now on nobody starts it; whoever calls ends it. */
  release(name: string): void {
    this.#state(name).wanted = false;
  }

  /** To be told of every end. */
  ended(name: string, how: number | NodeJS.Signals, lastCry: string): void {
    const state = this.#state(name);
    const { wanted, started } = state;
    state.started = false;
    if (!wanted) return;
    if (started && how !== 0) this.crashes.push(`${name} ended by itself: ${how} ${lastCry}`);
    if (started) this.#tell(`${name} ended by itself (${how}), and is started again`);
    this.keep(name);
  }

  isRunning(name: string): boolean {
    return this.#state(name).started;
  }

  /** Names of what is to run and does not. */
  get missing(): string[] {
    return [...this.#states].filter(([, { wanted, started }]) => wanted && !started).map(([name]) => name);
  }

  /** Resolves when everything that is to run does. */
  async allUp(timeoutMs: number): Promise<void> {
    await until(() => this.missing.length === 0, { what: `start of ${this.missing.join(', ')}`, timeoutMs });
  }

  /** Nobody starts anything any more; `end` ends what runs. */
  async releaseAll(end: () => Promise<void>): Promise<void> {
    for (const state of this.#states.values()) state.wanted = false;
    await end();
    await Promise.all([...this.#states.values()].map(({ attempt }) => attempt));
  }

  async #attempt(name: string, state: State): Promise<void> {
    for (let pauseMs = firstPauseMs; state.wanted && !state.started; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        await this.#processes.start(name);
        state.started = true;
      } catch (error) {
        if (state.wanted) this.#tell(`${name} did not start: ${reasonOf(error)}`);
        await this.#processes.kill(name);
        await delay(pauseMs);
      }
    }
  }

  #state(name: string): State {
    const state = this.#states.get(name) ?? { wanted: false, started: false, attempt: null };
    this.#states.set(name, state);
    return state;
  }
}

/** What it was, and the last thing that it said. */
function reasonOf(error: unknown): string {
  const lines = String(error instanceof Error ? error.message : error).split('\n');
  const spoken = lines.slice(1).filter((line) => /"level":[56]0|^\S*Error|Error:/.test(line));
  return [lines[0]!, ...spoken.slice(-1).map((line) => line.slice(0, 400))].join(' ');
}
