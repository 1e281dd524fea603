/** Runs one command: opens its cell, prints what it says, and tells the exit code. */
import { createInterface } from 'node:readline/promises';
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import type { Logger } from 'pino';
import type { Cell } from './cell.ts';
import type { Command, CommandInput } from './command.ts';
import { silentProgress, terminalProgress } from './progress.ts';

export interface RunOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly json: boolean;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly signal: AbortSignal;
  openCell(): Promise<Cell>;
}

/** The exit code: 0 if the command's own checks hold. */
export async function runCommand(command: Command, input: CommandInput, options: RunOptions): Promise<number> {
  const { json, stdin, stdout, stderr } = options;
  const progress = !json && stderr.isTTY ? terminalProgress(stderr) : silentProgress;
  const print = (line: string): void => void stdout.write(`${line}\n`);
  const cell = await options.openCell();
  try {
    const { ok, summary, lines } = await command.run(
      {
        cell,
        clock: options.clock,
        timers: options.timers,
        logger: options.logger,
        progress,
        stdout,
        signal: options.signal,
        say: (line) => void (json ? stderr : stdout).write(`${line}\n`),
        ask: (question) => ask(question, stdin, stderr),
      },
      input,
    );
    progress.close();
    if (json) print(JSON.stringify(summary));
    else for (const line of lines) print(line);
    return ok ? 0 : 1;
  } finally {
    progress.close();
    await cell.close();
  }
}

async function ask(question: string, stdin: NodeJS.ReadStream, stderr: NodeJS.WriteStream): Promise<string | null> {
  if (!stdin.isTTY) return null;
  const terminal = createInterface({ input: stdin, output: stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
