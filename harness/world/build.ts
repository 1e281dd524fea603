/** Builds the apps that the harness starts; quick when nothing changed. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../services/processes.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export async function buildAll(): Promise<void> {
  await run(join(root, 'node_modules/.bin/turbo'), ['run', 'build', '--filter=./apps/*', '--output-logs=errors-only'], {
    cwd: root,
    timeoutMs: 300_000,
  });
}
