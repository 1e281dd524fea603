/** Runs a program of the repository as a part of a suite, and ends it with all that it started when time is up. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { processTree, signal as send } from '../services/processes.ts';
import type { Surroundings } from './suite.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

export interface ProgramResult {
  /** Null when a signal ended it. */
  exitCode: number | null;
  stdout: string;
}

/** What it prints is shown as it comes; its standard output is also kept. */
export function runProgram(
  command: string,
  args: readonly string[],
  { env, signal }: Surroundings,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: repository,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      process.stdout.write(chunk);
    });
    const end = () => {
      if (child.pid !== undefined) for (const pid of processTree(child.pid)) send(pid, 'SIGKILL');
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    child.once('error', reject);
    child.once('close', (exitCode) => {
      signal.removeEventListener('abort', end);
      resolve({ exitCode, stdout: Buffer.concat(chunks).toString() });
    });
  });
}
