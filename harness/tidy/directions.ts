/** Imports flow up the list schemas → streams → projections → apps; clients know the schemas alone. */
import { posix } from 'node:path';
import { importsOf, isBuiltIn, isRelative, packageOf } from './imports.ts';
import { isScript, isTest, type Rule, type SourceFile, type Violation } from './source-file.ts';

/** For each top folder, the top folders of other workspaces that it may import. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  streams: ['schemas'],
  projections: ['schemas', 'streams'],
  apps: ['schemas', 'streams', 'projections'],
  clients: ['schemas'],
  harness: ['schemas', 'streams', 'projections', 'apps', 'clients'],
};

/** What all mains have in common may be imported by apps, and one app is made of all others. */
const commonApp = 'apps/runtime';
const appOfApps = 'apps/standalone';

export interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  scripts?: Record<string, string>;
}

export interface Workspace {
  /** From the repository's root; empty for the root itself. */
  folder: string;
  manifest: Manifest;
}

export const manifestPath = ({ folder }: Workspace): string =>
  folder === '' ? 'package.json' : `${folder}/package.json`;

export function workspacesOf(files: readonly SourceFile[]): Workspace[] {
  return files
    .filter(({ path }) => posix.basename(path) === 'package.json')
    .map(({ path, text }) => ({
      folder: path.slice(0, -'/package.json'.length),
      manifest: JSON.parse(text) as Manifest,
    }))
    .sort((a, b) => b.folder.length - a.folder.length); // The innermost workspace that holds a file is found first.
}

export const workspaceOf = (path: string, workspaces: readonly Workspace[]) =>
  workspaces.find(({ folder }) => folder === '' || path.startsWith(`${folder}/`));

export const importDirections: Rule = (files) => {
  const workspaces = workspacesOf(files);
  return files.filter(({ path }) => isScript(path)).flatMap((file) => wrongImports(file, workspaces));
};

function wrongImports(file: SourceFile, workspaces: readonly Workspace[]): Violation[] {
  const from = workspaceOf(file.path, workspaces);
  if (from === undefined || from.folder === '') return [];
  const violation = (line: number, found: string) => ({ path: file.path, line, found });
  return importsOf(file).flatMap(({ specifier, line }) => {
    if (isBuiltIn(specifier)) return [];
    if (isRelative(specifier)) {
      const target = posix.join(posix.dirname(file.path), specifier);
      if (workspaceOf(target, workspaces) !== from) return [violation(line, `${specifier} leaves ${from.folder}`)];
      return /\.(ts|json)$/.test(specifier) ? [] : [violation(line, `${specifier} without its ending`)];
    }
    const to = workspaces.find(({ manifest }) => manifest.name === packageOf(specifier));
    if (to === undefined || mayImport(from.folder, to.folder)) return [];
    return [violation(line, `${from.folder} imports ${specifier}`)];
  });
}

function mayImport(from: string, to: string): boolean {
  const [fromTop, toTop] = [from, to].map((folder) => folder.split('/')[0]!) as [string, string];
  if (fromTop === 'apps' && toTop === 'apps') return from === to || from === appOfApps || to === commonApp;
  return from === to || (allowed[fromTop] ?? []).includes(toTop);
}

/** A package that is found only because another workspace asked for it is missing in production. */
export const declaredImports: Rule = (files) => {
  const workspaces = workspacesOf(files);
  const root = workspaces.find(({ folder }) => folder === '');
  return files
    .filter(({ path }) => path.endsWith('.ts'))
    .flatMap((file) => {
      const workspace = workspaceOf(file.path, workspaces);
      if (workspace === undefined) return [];
      const declared = declaredBy(workspace.manifest, mayUseTools(file.path), root?.manifest);
      return importsOf(file)
        .filter(({ specifier }) => !isRelative(specifier) && !isBuiltIn(specifier))
        .filter(({ specifier }) => packageOf(specifier) !== workspace.manifest.name)
        .filter(
          ({ specifier, typeOnly }) =>
            !declared.has(packageOf(specifier)) && !(typeOnly && declared.has(typesOf(specifier))),
        )
        .map(({ specifier, line }) => ({ path: file.path, line, found: `${specifier} is not in package.json` }));
    });
};

const typesOf = (specifier: string) => `@types/${packageOf(specifier).replace('@', '').replace('/', '__')}`;

/** Tests, the harness, generators and configurations never run in production: the root's tools are theirs too. */
const mayUseTools = (path: string) =>
  isTest(path) || path.startsWith('harness/') || !path.includes('/') || /(^|\/)(generate|\w+\.config)\.ts$/.test(path);

function declaredBy(manifest: Manifest, withTools: boolean, root: Manifest | undefined): Set<string> {
  const { dependencies, optionalDependencies, peerDependencies, devDependencies } = manifest;
  const tools = withTools ? { ...devDependencies, ...root?.devDependencies } : {};
  return new Set(Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies, ...tools }));
}
