/**
 * Runs a TypeScript program of this repository in a clone where nothing was installed yet.
 *
 *   node bootstrap.mjs harness/services/cli.ts up
 *
 * It needs Node alone: it runs `npm ci` when node_modules lacks what package-lock.json asks for, and then starts the
 * program in a process of its own, with imports between workspaces resolved to their sources.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));

const packagesOf = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;

/** npm keeps a list of what it installed; times of files say nothing after a checkout. */
function isInstalled() {
  const installedList = 'node_modules/.package-lock.json';
  if (!existsSync(join(root, installedList))) return false;
  const installed = packagesOf(installedList);
  return Object.entries(packagesOf('package-lock.json')).every(
    ([path, wanted]) =>
      !path.startsWith('node_modules/') ||
      wanted.optional === true ||
      wanted.devOptional === true ||
      wanted.link === true ||
      installed[path]?.version === wanted.version,
  );
}

const [program, ...args] = process.argv.slice(2);
if (program === undefined) {
  console.error('usage: node bootstrap.mjs PROGRAM.ts [ARGUMENTS]');
  process.exit(2);
}

if (!isInstalled()) {
  console.error('Installing what package-lock.json asks for (npm ci) …');
  const { status } = spawnSync('npm', ['ci'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

const child = spawn(process.execPath, ['--conditions=parley-source', '--import', 'tsx', join(root, program), ...args], {
  cwd: root,
  stdio: 'inherit',
});
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => child.kill(name));
child.on('exit', (code, signalName) => process.exit(signalName === null ? (code ?? 1) : 128));
