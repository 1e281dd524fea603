/**
 * Every dependency that a package.json names is used: by an import, by a script, or as the types or a part of something that is.
 *
 * What nobody uses is downloaded, audited and updated for nothing. The tools of the root are programs as often as modules, so for them
 * it is enough that a script, or a program of the harness, names them.
 */
import { type Manifest, manifestPath, type Workspace, workspaceOf, workspacesOf } from './directions.ts';
import { importsOf, packageOf } from './imports.ts';
import { isScript, type Rule, type SourceFile } from './source-file.ts';

/** Programs that are not called like their packages. */
const programs: Readonly<Record<string, string>> = { typescript: 'tsc', '@biomejs/biome': 'biome' };

export const unusedDependencies: Rule = (files) => {
  const workspaces = workspacesOf(files);
  const scripts = files.filter(({ path }) => isScript(path));
  const imported = new Map<Workspace, Set<string>>();
  for (const file of scripts) {
    const workspace = workspaceOf(file.path, workspaces);
    if (workspace === undefined) continue;
    const names = imported.get(workspace) ?? new Set();
    imported.set(workspace, names);
    for (const { specifier } of importsOf(file)) names.add(packageOf(specifier));
  }
  const everywhere = new Set([...imported.values()].flatMap((names) => [...names]));
  return workspaces.flatMap((workspace) => {
    const isRoot = workspace.folder === '';
    const modules = isRoot ? everywhere : (imported.get(workspace) ?? new Set());
    const words = wordsOf(
      isRoot ? [...manifestScripts(workspaces), ...scripts.map(quoted)] : manifestScripts([workspace]),
    );
    return declaredBy(workspace.manifest)
      .filter((name) => !modules.has(typed(name)) && typed(name) !== 'node' && !words.has(programs[name] ?? name))
      .map((name) => ({ path: manifestPath(workspace), line: 1, found: `nothing uses ${name}` }));
  });
};

const declaredBy = ({ dependencies, devDependencies, optionalDependencies }: Manifest): string[] =>
  Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });

/** What another package imports and does not bring: used where that one is. */
const broughtFor: Readonly<Record<string, string>> = { '@noble/ciphers': 'ts-mls', '@noble/hashes': 'ts-mls' };

/** `@types/x` is used where x is. */
const typed = (name: string): string => broughtFor[name] ?? name.replace(/^@types\//, '');

const manifestScripts = (workspaces: readonly Workspace[]): string[] =>
  workspaces.flatMap(({ manifest }) => Object.values(manifest.scripts ?? {}));

/** What a program may hand to another as an argument. */
const quoted = ({ text }: SourceFile): string => (text.match(/'[^'\n]{1,80}'/g) ?? []).join(' ');

const wordsOf = (texts: readonly string[]): ReadonlySet<string> =>
  new Set(texts.flatMap((text) => text.split(/[\s'"]+/)));
