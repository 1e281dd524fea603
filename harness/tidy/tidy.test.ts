/** The ratchet: what a review need not look for, because it fails here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  disagreeingVersions,
  explainedInVain,
  inexactVersions,
  type LockedPackage,
  unexplained,
  unfreeLicences,
} from './dependencies.ts';
import { declaredImports, importDirections, workspacesOf } from './directions.ts';
import { isPureCore, pureCore, staleEdges, systemOnlyInMains } from './purity.ts';
import { readRepository, repository, type Violation } from './source-file.ts';
import {
  medianLines,
  noEmptyNames,
  noEscapes,
  noLongFiles,
  noMachinePaths,
  nothingUnfinished,
  opensWithComment,
} from './style.ts';
import { noSilentSkips, unnamedRules } from './tests.ts';
import { unusedDependencies } from './unused.ts';

const files = readRepository();
const workspaces = workspacesOf(files);

const shown = (violations: readonly Violation[]) =>
  violations.map(({ path, line, found }) => `${path}:${line} ${found}`);

describe('the repository', () => {
  it.each([
    ['has no file over 400 lines', noLongFiles],
    ['has no folder or file with an empty name', noEmptyNames],
    ['opens every module with a comment', opensWithComment],
    ['marks nothing as unfinished', nothingUnfinished],
    ['names no path of one machine', noMachinePaths],
    ['has no any, no silenced compiler and no empty catch', noEscapes],
    ['has no clock, timer, randomness, network or environment in its pure core', pureCore],
    ['chooses the real clock in mains and tests only', systemOnlyInMains],
    ['imports in one direction', importDirections],
    ['declares what it imports', declaredImports],
    ['names no dependency that nothing uses', unusedDependencies],
    ['leaves out no test in silence', noSilentSkips],
  ])('%s', (_title, rule) => {
    expect(shown(rule(files))).toEqual([]);
  });

  it('has short files: half of them are under 200 lines', () => {
    const median = medianLines(files);
    console.log(`median file: ${median} lines`);
    expect(median).toBeLessThan(200);
  });

  it('lists no file as an edge that is gone or pure', () => {
    expect(staleEdges(files)).toEqual([]);
  });

  it('counts the heart of it as pure core', () => {
    const core = files.map(({ path }) => path).filter(isPureCore);
    const heart = ['streams/conversation/decide.ts', 'streams/conversation/evolve.ts', 'streams/delivery/router.ts'];
    expect(core).toEqual(expect.arrayContaining(heart));
  });

  it('names rules 1-4 and 7-19 of the design in the titles of tests', () => {
    const numbers = [1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];
    expect(unnamedRules(files, numbers)).toEqual([]);
  });
});

describe('what comes from others', () => {
  const page = readFileSync(join(repository, 'docs', 'DEPENDENCIES.md'), 'utf8');

  it('has exact versions, the same everywhere', () => {
    expect(shown(inexactVersions(workspaces))).toEqual([]);
    expect(shown(disagreeingVersions(workspaces))).toEqual([]);
  });

  it('has free licences', () => {
    const lock = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, LockedPackage>;
    };
    expect(shown(unfreeLicences(lock.packages))).toEqual([]);
  });

  it('is explained in docs/DEPENDENCIES.md, which names nothing that is gone', () => {
    expect(shown(unexplained(workspaces, page))).toEqual([]);
    expect(shown(explainedInVain(workspaces, page))).toEqual([]);
  });
});
