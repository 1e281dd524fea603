/** Brings Python programs from PyPI into the download cache, beside what the machine has and without touching it. */
import { join } from 'node:path';
import { cacheFolder, installOnce } from './install-once.ts';
import { run } from './processes.ts';

/** Whether this machine has a Python that can install packages. */
export async function pipAnswers(): Promise<boolean> {
  return run('python3', ['-m', 'pip', '--version']).then(
    () => true,
    () => false, // No Python, or one without pip: that is the answer.
  );
}

/** The folder that PYTHONPATH must name; `requirement` is `name==version`. */
export async function pythonPackage(requirement: string): Promise<string> {
  const target = join(cacheFolder(), `python-${requirement.replace('==', '-')}`);
  await installOnce(target, async (folder) => {
    const quietly = ['--quiet', '--disable-pip-version-check', '--root-user-action=ignore'];
    await run('python3', ['-m', 'pip', 'install', ...quietly, '--target', folder, requirement], { timeoutMs: 300_000 });
  });
  return target;
}
