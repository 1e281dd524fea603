import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseSchema, type SchemaNode } from './codec/schema-node.ts';
import { generatedFiles } from './generate.ts';

const root = fileURLToPath(new URL('.', import.meta.url));
const schemaFiles = ['events', 'wire', 'state'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.avsc'))
    .map((name) => `${folder}/${name}`),
);

/** Places of a schema that say nothing of themselves. */
function undocumented(node: SchemaNode, path: string): string[] {
  switch (node.kind) {
    case 'record':
      return [
        ...(node.doc.trim() === '' ? [path] : []),
        ...node.fields.flatMap((field) => [
          ...(field.doc.trim() === '' ? [`${path}.${field.name}`] : []),
          ...undocumented(field.node, `${path}.${field.name}`),
        ]),
      ];
    case 'enum':
      return node.doc.trim() === '' ? [path] : [];
    case 'array':
      return undocumented(node.items, path);
    case 'union':
      return node.branches.flatMap((branch) => undocumented(branch, path));
    default:
      return [];
  }
}

describe('generated/', () => {
  it('is what `npm run generate` would write', () => {
    const files = generatedFiles();
    expect(readdirSync(join(root, 'generated')).sort()).toEqual([...files.keys()].sort());
    for (const [name, text] of files) expect(readFileSync(join(root, 'generated', name), 'utf8'), name).toBe(text);
  });
});

describe('every schema', () => {
  it.each(schemaFiles)('%s says what each record, enum and field is', (file) => {
    const schema: unknown = JSON.parse(readFileSync(join(root, file), 'utf8'));
    expect(undocumented(parseSchema(schema), file)).toEqual([]);
  });
});
