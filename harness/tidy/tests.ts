/** Rules about tests: none is silently left out, and each rule of the design has one that names it. */
import { isTest, lineAt, type Rule, type SourceFile } from './source-file.ts';

const leftOut = /\b(?:(?:it|test|describe)(?:\.\w+)*\.(?:skip|only|todo|skipIf|runIf)|xit|xdescribe|fit|fdescribe)\b/g;

/** A test may be left out if the line above says `// Left out because …`; never may one be singled out. */
export const noSilentSkips: Rule = (files) =>
  files
    .filter((file) => isTest(file.path))
    .flatMap((file) =>
      [...file.code.matchAll(leftOut)]
        .filter((match) => match[0].endsWith('only') || !hasReason(file, match.index))
        .map((match) => ({ path: file.path, line: lineAt(file.code, match.index), found: match[0] })),
    );

function hasReason(file: SourceFile, index: number): boolean {
  const above = file.text.split('\n')[lineAt(file.text, index) - 2] ?? '';
  return /\/\/ Left out because \S/.test(above);
}

/** Which of the design's numbered rules no test names in its title. */
export function unnamedRules(files: readonly SourceFile[], numbers: readonly number[]): number[] {
  const named = new Set<number>();
  for (const file of files.filter(({ path }) => isTest(path))) {
    for (const match of file.text.matchAll(/['"`]rules? (\d+(?:(?:, | and |–|-)\d+)*)\b/gi)) {
      for (const number of match[1]!.split(/, | and |–|-/)) named.add(Number(number));
    }
  }
  return numbers.filter((number) => !named.has(number));
}
