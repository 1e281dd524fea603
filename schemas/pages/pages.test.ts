import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../codec/frame-codec.ts';
import type { RecordNode } from '../codec/schema-node.ts';
import { errorCatalogue } from '../errors/catalogue.ts';
import { frameCodes, frameSchemas } from '../generated/wire.ts';
import { annotate } from './annotated-bytes.ts';
import { frameNode, namedTypes, numberedFrames, typeName } from './frame-tables.ts';
import { fillSections } from './marked-sections.ts';
import { pages } from './pages.ts';
import { exampleFrames } from './worked-examples.ts';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const protocol = readFileSync(`${docs}/PROTOCOL.md`, 'utf8');

/** Cells of the table rows between two lines of the page. */
function rowsBetween(from: string, to: string | RegExp): string[][] {
  const after = protocol.slice(protocol.indexOf(from) + from.length);
  const part = after.slice(0, after.search(to));
  const lines = part.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(2).map((line) => line.slice(2, -2).split(' | '));
}

describe('pages', () => {
  it.each(pages(docs))('$name is what `npm run generate` would write', ({ now, generated }) => {
    expect(now).toBe(generated);
  });

  it('are filled only where each part is marked exactly once', () => {
    const page = 'a\n<!-- generated: x -->\nold\n<!-- end of x -->\nb\n';
    expect(fillSections(page, new Map([['x', 'new']]))).toBe(
      'a\n<!-- generated: x -->\n\nnew\n\n<!-- end of x -->\nb\n',
    );
    for (const bad of ['a\n', page + page, page.replace('end of x', 'end of y')]) {
      expect(() => fillSections(bad, new Map([['x', 'new']]))).toThrow('invariant');
    }
    expect(() => fillSections(page, new Map())).toThrow('the part x');
  });
});

describe('docs/PROTOCOL.md and the schemas', () => {
  it('name the same frames with the same codes', () => {
    const onPage = rowsBetween('<!-- generated: frame overview -->', '<!-- end of').map(([code, frame, sender]) => [
      Number(code),
      /`(\w+)`/.exec(frame!)![1],
      sender,
    ]);
    const inSchemas = [
      ...Object.entries(frameCodes.client).map(([name, code]) => [code, name, 'client']),
      ...Object.entries(frameCodes.server).map(([name, code]) => [code, name, 'server']),
    ];
    expect(onPage).toEqual(inSchemas);
    expect(numberedFrames.map(({ name }) => name).sort()).toEqual(Object.keys(frameSchemas).sort());
  });

  const fieldsOf = ({ fields }: RecordNode): string[][] =>
    fields.map(({ name, node, doc }, i) => [String(i + 1), `\`${name}\``, typeName(node), doc]);

  it.each(numberedFrames)('give $name the same fields in the same order', ({ name, code, sender }) => {
    const heading = `#### \`${name}\`: code ${code}, sent by the ${sender}\n`;
    expect(protocol.split(heading)).toHaveLength(2);
    expect(rowsBetween(heading, /<a id|<!-- end/)).toEqual(fieldsOf(frameNode(name)));
  });

  it('name the same records and enums', () => {
    const { records, enums } = namedTypes();
    for (const record of records) {
      const heading = `#### ${record.name.slice(record.name.lastIndexOf('.') + 1)}\n`;
      expect(rowsBetween(heading, /\n#### |<!-- end/)).toEqual(fieldsOf(record));
    }
    const onPage = rowsBetween('<!-- generated: enums -->', '<!-- end of').map(([name, symbols]) => [
      name,
      [...symbols!.matchAll(/(\d+) `(\w+)`/g)].map((match) => [Number(match[1]), match[2]]),
    ]);
    const inSchemas = enums.map(({ name, symbols }) => [
      name.slice(name.lastIndexOf('.') + 1),
      symbols.map((symbol, index) => [index, symbol]),
    ]);
    expect(onPage).toEqual(inSchemas);
    const headings = protocol.match(/^#### .*$/gm) ?? [];
    expect(headings).toHaveLength(numberedFrames.length + records.length + exampleFrames.length);
  });

  it('name only codes of the catalogue, and every close code', () => {
    const closeCodes = Object.values(errorCatalogue).flatMap(({ closeCode }) =>
      closeCode === null ? [] : [closeCode],
    );
    const onPage = rowsBetween('<!-- generated: close codes -->', '<!-- end of').map(([code]) => Number(code));
    expect(onPage).toEqual(closeCodes.sort((a, b) => a - b));
  });

  it('take the worked examples apart without losing a byte', () => {
    for (const { name, body } of exampleFrames) {
      const pieces = annotate(frameNode(name), body as unknown as Record<string, unknown>);
      const bytes = Buffer.concat([Buffer.from([frameCodesOf(name)]), ...pieces.map((piece) => piece.bytes)]);
      expect(bytes.toString('hex')).toBe(encodeFrame(name, body as never).toString('hex'));
    }
  });
});

function frameCodesOf(name: string): number {
  return numberedFrames.find((frame) => frame.name === name)!.code;
}
