/** Runs `replay` as an operator does, as a process of its own, and reads the JSON object of its last line. */
import { execFile } from 'node:child_process';
import { appMain } from '../world/standalone.ts';

export interface ReplayAnswer {
  readonly exitCode: number;
  readonly summary: Readonly<Record<string, unknown>>;
}

/** With the arguments that say which cell. */
export type ReplayCommand = (...args: readonly string[]) => Promise<ReplayAnswer>;

const timeoutMs = 240_000;

export function replayOn(cell: readonly string[], env: Readonly<Record<string, string>>): ReplayCommand {
  return (...args) =>
    new Promise((resolve, reject) => {
      const command = [appMain('replay'), ...args, ...cell, '--json'];
      const options = { env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'test', ...env }, timeout: timeoutMs };
      execFile(process.execPath, command, options, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : Number(error.code ?? 1);
        const line = stdout.trimEnd().split('\n').at(-1) ?? '';
        try {
          resolve({ exitCode, summary: JSON.parse(line) as Record<string, unknown> });
        } catch {
          reject(new Error(`replay ${args.join(' ')} said no JSON (exit code ${exitCode}):\n${stdout}${stderr}`));
        }
      });
    });
}
