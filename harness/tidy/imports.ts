/** What a file imports, read from its text. */
import { lineAt, type SourceFile } from './source-file.ts';

export interface Import {
  specifier: string;
  line: number;
  /** Whether only types come through it: those are gone at run time. */
  typeOnly: boolean;
  /** What stands between `import` and `from`. */
  names: string;
}

const statement = /\b(?:import|export)\b([^'"`;()]*?)\bfrom\s*(['"])|\bimport\s*(['"])|\bimport\(\s*(['"])/g;

export function importsOf(file: SourceFile): Import[] {
  return [...file.code.matchAll(statement)].map((match) => {
    const quote = (match[2] ?? match[3] ?? match[4])!;
    const start = match.index + match[0].length;
    return {
      specifier: file.text.slice(start, file.text.indexOf(quote, start)),
      line: lineAt(file.code, match.index),
      typeOnly: /^\s*type\b/.test(match[1] ?? ''),
      names: (match[1] ?? '').trim(),
    };
  });
}

/** `@scope/name/path` and `name/path` without their paths. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
}

export const isRelative = (specifier: string) => specifier.startsWith('.');
export const isBuiltIn = (specifier: string) => specifier.startsWith('node:');
