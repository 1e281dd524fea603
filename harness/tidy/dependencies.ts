/** Rules about what comes from other people: exact versions, free licences, a reason for each. */
import { manifestPath, type Workspace } from './directions.ts';
import type { Violation } from './source-file.ts';

const exactVersion = /^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/;

function directDependencies({ manifest }: Workspace): [string, string][] {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
}

export function inexactVersions(workspaces: readonly Workspace[]): Violation[] {
  return workspaces.flatMap((workspace) =>
    directDependencies(workspace)
      .filter(([, version]) => !exactVersion.test(version))
      .map(([name, version]) => ({ path: manifestPath(workspace), line: 1, found: `${name}: ${version}` })),
  );
}

/** Two workspaces with two versions of one package would hand objects of two classes to each other. */
export function disagreeingVersions(workspaces: readonly Workspace[]): Violation[] {
  const known = new Map<string, string>();
  return workspaces.flatMap((workspace) =>
    directDependencies(workspace).flatMap(([name, version]) => {
      const other = known.get(name);
      known.set(name, other ?? version);
      return other === undefined || other === version
        ? []
        : [{ path: manifestPath(workspace), line: 1, found: `${name}: ${version}, elsewhere ${other}` }];
    }),
  );
}

const freeLicences = new Set([
  ...['MIT', 'MIT-0', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'ISC', 'MPL-2.0', 'Zlib', 'Unlicense'],
  ...['BlueOak-1.0.0', 'CC0-1.0', 'Python-2.0'],
]);

/** An SPDX expression of the simple kind that packages use: one side of an OR is enough, both of an AND are needed. */
export function isFree(licence: string | undefined): boolean {
  if (licence === undefined) return false;
  const alternatives = licence.replaceAll(/[()]/g, '').split(/\s+OR\s+/);
  return alternatives.some((all) => all.split(/\s+AND\s+/).every((name) => freeLicences.has(name)));
}

export interface LockedPackage {
  license?: string;
  link?: boolean;
}

/** Everything that is installed counts, not only what we asked for by name. */
export function unfreeLicences(packages: Readonly<Record<string, LockedPackage>>): Violation[] {
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    .filter(([, { license }]) => !isFree(license))
    .map(([path, { license }]) => ({ path: 'package-lock.json', line: 1, found: `${path}: ${license}` }));
}

/** Every direct dependency has a row in the page that says why it is there. */
export function unexplained(workspaces: readonly Workspace[], page: string): Violation[] {
  const own = new Set(workspaces.map(({ manifest }) => manifest.name));
  const names = new Set(workspaces.flatMap((workspace) => directDependencies(workspace).map(([name]) => name)));
  return [...names]
    .filter((name) => !own.has(name) && !page.includes(`\`${name}\``))
    .map((name) => ({ path: 'docs/DEPENDENCIES.md', line: 1, found: `nothing about ${name}` }));
}

/** The page names nothing that is gone. */
export function explainedInVain(workspaces: readonly Workspace[], page: string): Violation[] {
  const names = new Set(workspaces.flatMap((workspace) => directDependencies(workspace).map(([name]) => name)));
  return [...page.matchAll(/^\| `([^`]+)`/gm)]
    .map((match) => match[1]!)
    .filter((name) => !names.has(name))
    .map((name) => ({ path: 'docs/DEPENDENCIES.md', line: 1, found: `${name} is not a dependency` }));
}
