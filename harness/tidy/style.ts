/** Rules about size, names and wording. */
import { isScript, matches, type Rule, type SourceFile, type Violation } from './source-file.ts';

export const maxLines = 400;

const lineCount = (file: SourceFile) => file.text.trimEnd().split('\n').length;

export const noLongFiles: Rule = (files) =>
  files
    .filter((file) => isScript(file.path) && lineCount(file) > maxLines)
    .map((file) => ({ path: file.path, line: maxLines + 1, found: `${lineCount(file)} lines` }));

export function medianLines(files: readonly SourceFile[]): number {
  const counts = files.filter((file) => isScript(file.path)).map(lineCount);
  counts.sort((a, b) => a - b);
  return counts[Math.floor(counts.length / 2)] ?? 0;
}

/** Words that name no idea: what is called so collects everything. */
const emptyNames = new Set(
  ['util', 'helper', 'common', 'manager', 'shared', 'misc', 'lib', 'stuff'].flatMap((name) => [name, `${name}s`]),
);

export const noEmptyNames: Rule = (files) =>
  files.flatMap((file) =>
    file.path
      .split(/[/.-]/)
      .filter((word) => emptyNames.has(word.toLowerCase()))
      .map((word) => ({ path: file.path, line: 1, found: word })),
  );

/** A module says first what it is for. */
export const opensWithComment: Rule = (files) =>
  files
    .filter((file) => /(?<!\.test)\.(ts|mjs)$/.test(file.path)) // A test's titles say it.
    .filter((file) => !/^(#!.*\n)?\s*\/[*/]/.test(file.text))
    .map((file) => ({ path: file.path, line: 1, found: file.text.split('\n')[0]! }));

// Written in two halves, so that the rule does not find itself.
const unfinished = new RegExp(`\\b(TO${'DO'}|FIX${'ME'}|XX${'X'}|HA${'CK'})\\b`);

export const nothingUnfinished: Rule = (files) => files.flatMap((file) => matches(file, file.text, unfinished));

const machinePath = new RegExp(`(?<![\\w.])/(${['work', 'root', 'home', 'Users'].join('|')})/[\\w.]+`);

/** A path that exists on one machine only. */
export const noMachinePaths: Rule = (files) => files.flatMap((file) => matches(file, file.text, machinePath));

/** What tests do on the platform's word alone: these are violations even in a comment-free file. */
export const noEscapes: Rule = (files) => files.filter((file) => isScript(file.path)).flatMap(escapesOf);

function escapesOf(file: SourceFile): Violation[] {
  const anyType = /(:\s*|\bas\s+|<|\|\s*|,\s*)any\b(?=\s*[;,)=>|[\]{]|\s*$)/m;
  const silenced = new RegExp(`@ts-(${['ignore', 'nocheck', 'expect-error'].join('|')})`);
  const emptyCatch = /\bcatch\s*(\([^)]*\))?\s*\{\s*\}/;
  const swallowed = /\.catch\(\s*\(\w*\)\s*=>\s*(\{\s*\}|undefined|null)\s*\)[^\n]*/;
  return [
    ...matches(file, file.code, anyType),
    ...matches(file, file.text, silenced),
    ...matches(file, file.text, emptyCatch).filter(({ line }) => isCode(file, line)),
    // A rejection that is dropped says why, on its own line.
    ...matches(file, file.text, swallowed).filter(({ line, found }) => isCode(file, line) && !found.includes('//')),
  ];
}

const isCode = (file: SourceFile, line: number) => file.code.split('\n')[line - 1]!.includes('catch');
