/** The tables of docs/PROTOCOL.md: every frame with its code and fields, every record inside frames, every enum. */
import type { EnumNode, FieldNode, RecordNode, SchemaNode } from '../codec/schema-node.ts';
import { parseSchema } from '../codec/schema-node.ts';
import { invariant } from '../errors/invariant.ts';
import { type FrameName, frameCodes, frameSchemas } from '../generated/wire.ts';
import { table } from './marked-sections.ts';

const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

/** As the tables call a type: `string`, `uuid`, `long or null`, `array of WireMessage`. */
export function typeName(node: SchemaNode): string {
  switch (node.kind) {
    case 'record':
    case 'enum':
      return shortName(node.name);
    case 'array':
      return `array of ${typeName(node.items)}`;
    case 'union':
      return `${node.branches
        .filter((branch) => branch.kind !== 'null')
        .map(typeName)
        .join(' or ')} or null`;
    default:
      return node.logicalType ?? node.kind;
  }
}

export function frameNode(name: FrameName): RecordNode {
  const node = parseSchema(frameSchemas[name]);
  invariant(node.kind === 'record', 'a frame is a record');
  return node;
}

export interface NumberedFrame {
  readonly name: FrameName;
  readonly code: number;
  readonly sender: 'client' | 'server';
}

/** In order of code. */
export const numberedFrames: readonly NumberedFrame[] = (['client', 'server'] as const).flatMap((sender) =>
  (Object.entries(frameCodes[sender]) as [FrameName, number][]).map(([name, code]) => ({ name, code, sender })),
);

/** Named types inside frames, in order of name: records apart from the frames themselves, and enums. */
export function namedTypes(): { records: RecordNode[]; enums: EnumNode[] } {
  const records = new Map<string, RecordNode>();
  const enums = new Map<string, EnumNode>();
  const visit = (node: SchemaNode): void => {
    if (node.kind === 'array') visit(node.items);
    if (node.kind === 'union') node.branches.forEach(visit);
    if (node.kind === 'enum') enums.set(shortName(node.name), node);
    if (node.kind === 'record') {
      records.set(shortName(node.name), node);
      for (const field of node.fields) visit(field.node);
    }
  };
  for (const { name } of numberedFrames) for (const field of frameNode(name).fields) visit(field.node);
  const sorted = <T>(named: Map<string, T>): T[] => [...named.keys()].sort().map((name) => named.get(name)!);
  return { records: sorted(records), enums: sorted(enums) };
}

const withoutSender = (doc: string): string => {
  const text = doc.replace(/^(Client|Server): /, '');
  return text.charAt(0).toUpperCase() + text.slice(1);
};

export function frameOverview(): string {
  const rows = numberedFrames.map(({ name, code, sender }) => [
    String(code),
    `[\`${name}\`](#frame-${name.replaceAll('_', '-')})`,
    sender,
    withoutSender(frameNode(name).doc),
  ]);
  return table(['code', 'frame', 'sent by', 'what it says'], rows);
}

function fieldTable(fields: readonly FieldNode[]): string {
  const rows = fields.map((field, position) => [
    String(position + 1),
    `\`${field.name}\``,
    typeName(field.node),
    field.doc,
  ]);
  return table(['#', 'field', 'type', 'meaning'], rows);
}

export function frameDetails(): string {
  return numberedFrames
    .map(({ name, code, sender }) => {
      const { doc, fields } = frameNode(name);
      const heading = `<a id="frame-${name.replaceAll('_', '-')}"></a>\n\n#### \`${name}\`: code ${code}, sent by the ${sender}`;
      return `${heading}\n\n${withoutSender(doc)}\n\n${fieldTable(fields)}`;
    })
    .join('\n\n');
}

export function recordDetails(): string {
  return namedTypes()
    .records.map(({ name, doc, fields }) => `#### ${shortName(name)}\n\n${withoutSender(doc)}\n\n${fieldTable(fields)}`)
    .join('\n\n');
}

export function enumDetails(): string {
  const rows = namedTypes().enums.map(({ name, doc, symbols }) => [
    shortName(name),
    symbols.map((symbol, index) => `${index} \`${symbol}\``).join(', '),
    doc,
  ]);
  return table(['enum', 'index and symbol', 'meaning'], rows);
}
