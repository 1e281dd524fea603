/** The repository's own files, as the tidy rules look at them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOnly } from './code-only.ts';

export interface SourceFile {
  /** From the repository's root, with slashes. */
  path: string;
  text: string;
  /** The text of a TypeScript or JavaScript file with comments and the contents of strings blanked out. */
  code: string;
}

export interface Violation {
  path: string;
  line: number;
  found: string;
}

/** A rule looks at all files at once, so that it may compare them. */
export type Rule = (files: readonly SourceFile[]) => Violation[];

export const repository = fileURLToPath(new URL('../..', import.meta.url));

const foreignFolders = new Set(['node_modules', 'dist', 'generated', 'var', 'coverage', '.git', '.turbo']);
const textFile = /\.(ts|mjs|js|json|md|ya?ml|avsc|proto|sql|cql|sh|conf|cfg|html|css|svg)$|^(Dockerfile|LICENSE|run)$/;

export function sourceFile(path: string, text: string): SourceFile {
  return { path, text, code: isScript(path) ? codeOnly(text) : '' };
}

export function isScript(path: string): boolean {
  return /\.(ts|mjs|js)$/.test(path);
}

export function isTest(path: string): boolean {
  return /\.(test|contract|fixture|arbitrary)\.ts$|\/contract\/[^/]+\.ts$/.test(path);
}

/** All text files that people wrote; what tools generated is left out. */
export function readRepository(): SourceFile[] {
  const files: SourceFile[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(repository, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !foreignFolders.has(entry.name)) walk(path);
      if (entry.isFile() && textFile.test(entry.name) && entry.name !== 'package-lock.json') {
        files.push(sourceFile(path, readFileSync(join(repository, path), 'utf8')));
      }
    }
  };
  walk('');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** One violation for each match of the pattern in the text. */
export function matches(file: SourceFile, text: string, pattern: RegExp): Violation[] {
  return [...text.matchAll(new RegExp(pattern, `${pattern.flags.replace('g', '')}g`))].map((match) => ({
    path: file.path,
    line: lineAt(text, match.index),
    found: match[0].trim(),
  }));
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
