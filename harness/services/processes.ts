/** Reads and signals processes of this machine by pid, whoever started them. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const hasProc = existsSync('/proc/self/cmdline');

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // The process ended between two looks: that is an answer, not a failure.
  }
}

function ps(pid: number, field: string): string {
  try {
    return execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return ''; // ps exits 1 for a pid that does not exist.
  }
}

/** The arguments that a process runs with, separated by blanks; empty for one that is gone or a zombie. */
export function commandLine(pid: number): string {
  return hasProc ? readOrEmpty(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') : ps(pid, 'args');
}

/** Resident memory, 0 for a process that is gone. */
export function residentKib(pid: number): number {
  const text = hasProc
    ? (/^VmRSS:\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? '0')
    : ps(pid, 'rss') || '0';
  return Number(text);
}

export function isStopped(pid: number): boolean {
  const state = hasProc
    ? (/^State:\s+(\w)/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? '')
    : ps(pid, 'state').slice(0, 1);
  return state === 'T';
}

/** The process and all that it started, parents first. */
export function processTree(pid: number): number[] {
  const found = [pid];
  for (let i = 0; i < found.length; i++) {
    const parent = found[i]!;
    const children = hasProc ? readOrEmpty(`/proc/${parent}/task/${parent}/children`) : childrenByPgrep(parent);
    found.push(...children.split(/\s+/).filter(Boolean).map(Number));
  }
  return found;
}

function childrenByPgrep(parent: number): string {
  try {
    return execFileSync('pgrep', ['-P', String(parent)], { encoding: 'utf8' });
  } catch {
    return ''; // pgrep exits 1 when there is none.
  }
}

/** Sends the signal if there still is somebody to get it. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const execFileAsync = promisify(execFile);

/** Runs a program to its end; what it printed is in the error when it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; uid?: number; gid?: number; timeoutMs?: number } = {},
): Promise<string> {
  const { timeoutMs, ...rest } = options;
  try {
    const { stdout } = await execFileAsync(command, args, {
      ...rest,
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs, killSignal: 'SIGKILL' }),
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const failed = error as Error & { stdout?: string; stderr?: string };
    const printed = `${failed.stdout ?? ''}${failed.stderr ?? ''}`.trim().split('\n').slice(-30).join('\n');
    throw new Error(`${command} ${args.join(' ')} failed: ${failed.message.split('\n')[0]}\n${printed}`, {
      cause: error,
    });
  }
}
