/**
 * Parts of a page that are made from the code: what stands between `<!-- generated: NAME -->` and `<!-- end of NAME -->`.
 * `npm run generate` writes them; a test fails when a page says something else.
 */
import { invariant } from '../errors/invariant.ts';

/** The page with every marked part replaced. @throws Error if a part is not marked exactly once, or a mark names no part */
export function fillSections(page: string, sections: ReadonlyMap<string, string>): string {
  const marked = [...page.matchAll(/^<!-- generated: (.+) -->$/gm)].map((match) => match[1]!);
  for (const name of marked) invariant(sections.has(name), `the part ${name} of a page is made by somebody`);
  let filled = page;
  for (const [name, content] of sections) {
    const [head, rest, ...others] = filled.split(`<!-- generated: ${name} -->\n`);
    const tail = rest?.split(`<!-- end of ${name} -->\n`);
    invariant(tail?.length === 2 && others.length === 0, `the part ${name} is marked once, with its end`);
    filled = `${head}<!-- generated: ${name} -->\n\n${content.trim()}\n\n<!-- end of ${name} -->\n${tail[1]}`;
  }
  return filled;
}

/** A Markdown table. */
export function table(header: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
