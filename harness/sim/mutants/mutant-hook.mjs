/** A loader hook: gives one file of the repository in its mutated form, and every other as it is. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';

let mutant = null;

export function initialize(data) {
  mutant = data;
}

export async function load(url, context, nextLoad) {
  if (url.split('?')[0] !== mutant.url) return nextLoad(url, context);
  const source = readFileSync(fileURLToPath(mutant.url), 'utf8').replace(mutant.find, () => mutant.replace);
  const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'node20' });
  return { format: 'module', source: code, shortCircuit: true };
}
