/**
 * What a command of `npm run replay` is: one file in commands/ for each, collected in commands/all.ts.
 *
 * A command gets a cell that is open, does its work, and returns what is to be said: `main.ts` prints the lines, or with `--json` the
 * summary as the one JSON object of the last line, and exits with 0 only if `ok`.
 */
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import type { Option } from 'commander';
import type { Logger } from 'pino';
import type { Cell } from './cell.ts';
import type { Progress } from './progress.ts';

export interface CommandContext {
  readonly cell: Cell;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly progress: Progress;
  /** Aborted at SIGINT or SIGTERM: stop where you can go on later. */
  readonly signal: AbortSignal;
  /** For data that is the command's result by itself. */
  readonly stdout: NodeJS.WritableStream;
  /** Prints a line at once, outside of the result; on stderr where stdout must stay JSON. */
  say(line: string): void;
  /** Asks on the terminal; null where there is none. */
  ask(question: string): Promise<string | null>;
}

export interface CommandInput {
  readonly args: readonly string[];
  /** By commander's names: `--max-records-per-s` is maxRecordsPerS. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface CommandResult {
  /** Whether its own checks hold. */
  readonly ok: boolean;
  /** The JSON object. */
  readonly summary: Readonly<Record<string, unknown>>;
  /** The same for people. */
  readonly lines: readonly string[];
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** As commander writes them: `<conversation>`, `[action]`. */
  readonly args?: readonly string[];
  readonly options?: readonly Option[];
  run(context: CommandContext, input: CommandInput): Promise<CommandResult>;
}
