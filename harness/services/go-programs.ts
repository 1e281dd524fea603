/** Builds programs from the Go module proxy into the download cache, beside what the machine has and without touching it. */
import { join } from 'node:path';
import { cacheFolder, installOnce } from './install-once.ts';
import { run } from './processes.ts';
import { go, provide } from './system-packages.ts';

const buildTimeoutMs = 10 * 60_000;

/** Where the program is, or will be. */
export const goFolder = (name: string, version: string): string => join(cacheFolder(), `${name}-${version}`);

/** The folder with the program; `version` as a tag, and `path` is that of its main package within the module. */
export async function goProgram(name: string, module: string, path: string, version: string): Promise<string> {
  const target = goFolder(name, version);
  await installOnce(target, async (folder) => {
    const env = { ...process.env, GOBIN: folder, GOFLAGS: '-trimpath' };
    await run(await provide(go), ['install', `${module}/${path}@${version}`], { env, timeoutMs: buildTimeoutMs });
  });
  return target;
}
