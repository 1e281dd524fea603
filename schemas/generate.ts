/**
 * Writes generated/*.ts from the .avsc files: one TypeScript type per record and enum, and the schemas and their history as
 * modules, so that browsers need no file system; and the tables of docs/PROTOCOL.md and docs/ERRORS.md. Run by `npm run generate`;
 * a test fails when the result differs from what is committed.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HistoryFiles } from './history/files.ts';

type Schema = string | Schema[] | { type: Schema; [key: string]: unknown };
interface Field {
  name: string;
  type: Schema;
  doc?: string;
}

const root = fileURLToPath(new URL('.', import.meta.url));
const folders = ['events', 'wire', 'state'] as const;

const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

function typeOf(schema: Schema, named: Map<string, string>, suffix = ''): string {
  if (Array.isArray(schema)) return schema.map((branch) => typeOf(branch, named)).join(' | ');
  if (typeof schema === 'string') {
    const primitives: Record<string, string> = {
      null: 'null',
      boolean: 'boolean',
      int: 'number',
      long: 'number',
      float: 'number',
      double: 'number',
      bytes: 'Buffer',
      string: 'string',
    };
    return primitives[schema] ?? shortName(schema);
  }
  switch (schema.type) {
    case 'array': {
      const items = typeOf(schema['items'] as Schema, named);
      return items.includes(' ') ? `Array<${items}>` : `${items}[]`;
    }
    case 'enum': {
      const name = shortName(schema['name'] as string);
      named.set(name, `export type ${name} = ${(schema['symbols'] as string[]).map((s) => `'${s}'`).join(' | ')};\n`);
      return name;
    }
    case 'record': {
      const name = shortName(schema['name'] as string) + suffix;
      const doc = schema['doc'] as string | undefined;
      const lines = (schema['fields'] as Field[]).map((field) => {
        const comment = field.doc ? `  /** ${field.doc} */\n` : '';
        return `${comment}  ${field.name}: ${typeOf(field.type, named)};\n`;
      });
      named.set(name, `${doc ? `/** ${doc} */\n` : ''}export interface ${name} {\n${lines.join('')}}\n`);
      return name;
    }
    default:
      return typeOf(schema.type, named);
  }
}

const snake = (name: string): string => name.replace(/(?<!^)[A-Z]/g, (c) => `_${c}`).toLowerCase();

function frameCodesModule(): string {
  const codes = readFileSync(join(root, 'wire', 'frames.json'), 'utf8').trim();
  return `/** The first byte of a binary frame. */\nexport const frameCodes = ${codes} as const;\n`;
}

/** The text of generated/<folder>.ts for one folder of .avsc files. */
export function generateFolder(folder: (typeof folders)[number]): string {
  const named = new Map<string, string>();
  const schemas: string[] = [];
  const names: string[] = [];
  // A frame called Error must not hide the language's own.
  const suffix = folder === 'wire' ? 'Frame' : '';
  for (const file of readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.avsc'))
    .sort()) {
    const schema = JSON.parse(readFileSync(join(root, folder, file), 'utf8')) as Schema & { name: string };
    typeOf(schema, named, suffix);
    names.push(schema.name);
    schemas.push(`  ${snake(schema.name)}: ${JSON.stringify(schema)},\n`);
  }
  const kind = { events: 'Event', wire: 'Frame', state: 'State' }[folder];
  return [
    '// Generated from the .avsc files by `npm run generate`; do not edit.\n',
    [...named.values()].join('\n'),
    `/** Every ${kind.toLowerCase()} by its name. */\nexport interface ${kind}Types {\n${names.map((n) => `  ${snake(n)}: ${n}${suffix};\n`).join('')}}\n`,
    `export type ${kind}Name = keyof ${kind}Types;\n`,
    ...(folder === 'wire' ? [frameCodesModule()] : []),
    `export const ${kind.toLowerCase()}Schemas = {\n${schemas.join('')}} as const;\n`,
  ].join('\n');
}

/** The text of generated/history.ts: every committed version, in order of id. */
export function generateHistory(): string {
  const files = new HistoryFiles(root);
  const { subjects, versions } = files.index();
  const lastOf = new Map(versions.map((entry) => [entry.subject, entry.version]));
  const rows = versions.map((entry) => {
    const members = {
      id: entry.id,
      event: snake(shortName(entry.subject)),
      subject: entry.subject,
      version: entry.version,
      compatibility: subjects[entry.subject],
      current: lastOf.get(entry.subject) === entry.version,
      schema: files.schema(entry),
    };
    return `  ${JSON.stringify(members)},\n`;
  });
  return [
    '// Generated from history/ by `npm run generate`; do not edit.\n',
    `/** Every committed version of every event schema, in order of id. */\nexport const committedVersions = [\n${rows.join('')}] as const;\n`,
  ].join('\n');
}

/** What generated/ must hold, by file name. */
export function generatedFiles(): Map<string, string> {
  const files = new Map(folders.map((folder) => [`${folder}.ts`, generateFolder(folder)]));
  files.set('history.ts', generateHistory());
  return files;
}

export function writeGenerated(): void {
  mkdirSync(join(root, 'generated'), { recursive: true });
  for (const [name, text] of generatedFiles()) writeFileSync(join(root, 'generated', name), text);
}

/** The parts of the pages under docs/ that are made from the code; imported late, because they read what was just generated. */
async function writePages(): Promise<void> {
  const { pages } = await import('./pages/pages.ts');
  for (const { path, generated } of pages(join(root, '..', 'docs'))) writeFileSync(path, generated);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeGenerated();
  await writePages();
}
