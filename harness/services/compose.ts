/** The same services from containers, where a Docker engine answers. */
import { fileURLToPath } from 'node:url';
import { run } from './processes.ts';
import { onPath } from './system-packages.ts';

const composeFile = fileURLToPath(new URL('../../deploy/compose/compose.yaml', import.meta.url));

export interface ComposeStatus {
  name: string;
  state: string;
}

/** A docker command without a running engine is of no use: ask the engine itself. */
export async function dockerEngineAnswers(): Promise<boolean> {
  if (onPath('docker') === null) return false;
  try {
    await run('docker', ['info'], { timeoutMs: 10_000 });
    await run('docker', ['compose', 'version'], { timeoutMs: 10_000 });
    return true;
  } catch {
    return false; // Not answering is the question, not an error.
  }
}

const compose = (...args: string[]) => run('docker', ['compose', '-f', composeFile, ...args]);

/** Returns when every health check of the compose file has passed. */
export async function composeUp(): Promise<void> {
  await compose('up', '--detach', '--wait', '--wait-timeout', '300');
}

export async function composeDown({ wipe = false } = {}): Promise<void> {
  await compose('down', ...(wipe ? ['--volumes'] : []));
}

/** An engine of an older compose prints one array, a newer one prints an object a line. */
export async function composeStatus(): Promise<ComposeStatus[]> {
  const text = (await compose('ps', '--all', '--format', 'json')).trim();
  if (text === '') return [];
  const rows = (text.startsWith('[') ? JSON.parse(text) : text.split('\n').map((line) => JSON.parse(line))) as {
    Service: string;
    State: string;
    Health: string;
  }[];
  return rows.map((row) => ({ name: row.Service, state: row.Health === 'healthy' ? 'up' : row.State }));
}
