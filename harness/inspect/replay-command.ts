/** `npm run replay` as an operator runs it: a process of its own on the world's cell, with the JSON object of its last line. */
import { spawn } from 'node:child_process';
import type { ClusterWorld } from '../world/cluster-world.ts';
import type { EmbeddedWorld } from '../world/embedded-world.ts';
import { servicesInUse } from '../world/services-in-use.ts';
import { appMain } from '../world/standalone.ts';

export interface ReplayResult {
  readonly exitCode: number | null;
  /** Null where it failed before it had one. */
  readonly summary: Readonly<Record<string, unknown>> | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type Replay = (...args: readonly string[]) => Promise<ReplayResult>;

/** @param toldAfterMs when a command that goes on is told to stop */
export const replayIn =
  (world: EmbeddedWorld | ClusterWorld, toldAfterMs: number | null = null): Replay =>
  (...args) => {
    const where = world.profile === 'embedded' ? ['--data', world.standalone.dataDir] : [];
    const env = world.profile === 'embedded' ? {} : servicesInUse();
    return replay([...args, '--profile', world.profile, '--json', ...where], env, toldAfterMs);
  };

export function replay(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  toldAfterMs: number | null = null,
): Promise<ReplayResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [appMain('replay'), ...args], {
      env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'test', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const told = toldAfterMs === null ? null : setTimeout(() => child.kill('SIGINT'), toldAfterMs);
    child.once('error', reject);
    child.once('close', (exitCode) => {
      if (told !== null) clearTimeout(told);
      resolve({ exitCode, summary: lastLine(stdout), stdout, stderr });
    });
  });
}

function lastLine(stdout: string): Readonly<Record<string, unknown>> | null {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null; // It said why on stderr.
  }
}
