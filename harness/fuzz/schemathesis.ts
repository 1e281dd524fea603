/** Runs Schemathesis, which makes requests from an OpenAPI description, and counts what it found. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonPackage } from '../services/python-packages.ts';

/** Kept in step with docs/DEPENDENCIES.md. */
export const schemathesisPackage = 'schemathesis==4.32.0';

const entryPoint = 'import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())';

/**
 * That a request which fits its schema is taken is not among the checks: a phone number may have the shape of one and be nobody's, and
 * a code may have six digits and be wrong.
 */
const excluded = 'positive_data_acceptance';

export interface FuzzOptions {
  readonly apiUrl: string;
  readonly accessToken: string;
  /** Requests for each operation and phase. */
  readonly maxExamples: number;
  /** Repeatable by default; a seed tries something else. */
  readonly seed: number | null;
  readonly say: (line: string) => void;
}

export interface FuzzResult {
  /** Operations without and with failures. */
  readonly passed: number;
  readonly failed: number;
}

export async function fuzz({ apiUrl, accessToken, maxExamples, seed, say }: FuzzOptions): Promise<FuzzResult> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-fuzz-'));
  try {
    const report = join(folder, 'junit.xml');
    const args = [
      ...['--config-file', fileURLToPath(new URL('schemathesis.toml', import.meta.url))],
      ...['run', `${apiUrl}/openapi.json`, '--header', `Authorization: Bearer ${accessToken}`],
      ...['--checks', 'all', '--exclude-checks', excluded, '--max-examples', String(maxExamples)],
      ...(seed === null ? ['--generation-deterministic'] : ['--seed', String(seed), '--generation-database', 'none']),
      ...['--continue-on-failure', '--no-color', '--warnings', 'off'],
      ...['--report', 'junit', '--report-junit-path', report],
    ];
    const status = await runPython(args, folder, say);
    // Without a report it did not even begin, and has said why.
    return existsSync(report) ? counted(await readFile(report, 'utf8'), status) : { passed: 0, failed: 1 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runPython(args: readonly string[], cwd: string, say: (line: string) => void): Promise<number | null> {
  const env = { ...process.env, PYTHONPATH: await pythonPackage(schemathesisPackage) };
  return new Promise((resolve, reject) => {
    const child = spawn('python3', ['-c', entryPoint, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => say(text.trimEnd()));
    }
    child.once('error', reject);
    child.once('close', resolve);
  });
}

/** A run that ended badly is a failure whatever its report says. */
export function counted(junit: string, status: number | null): FuzzResult {
  const total = (attribute: string): number =>
    Number(new RegExp(`<testsuites[^>]* ${attribute}="(\\d+)"`).exec(junit)?.[1] ?? 0);
  const failed = total('failures') + total('errors');
  return { passed: total('tests') - failed, failed: status === 0 ? failed : Math.max(1, failed) };
}
