/** A fresh embedded environment in a folder of its own, for tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { StoreWrites } from '../store-writes.ts';
import { openProjectionEnv, type ProjectionEnv } from './env.ts';

export interface EnvFixture {
  readonly env: ProjectionEnv;
  readonly writes: StoreWrites;
  close(): Promise<void>;
}

export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'parley-projections-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function openEnvFixture(): EnvFixture {
  const folder = temporaryFolder();
  const env = openProjectionEnv({ path: folder.path });
  return {
    env,
    writes: new StoreWrites(new Registry()),
    close: async () => {
      await env.close();
      folder.remove();
    },
  };
}
