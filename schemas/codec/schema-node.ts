/** An Avro schema as a tree with its named types put in place, so that readers of a schema need not look names up. */
import { invariant } from '../errors/invariant.ts';

export type PrimitiveKind = 'null' | 'boolean' | 'int' | 'long' | 'bytes' | 'string';

export interface FieldNode {
  readonly name: string;
  readonly doc: string;
  readonly node: SchemaNode;
  /** The default in Avro's JSON form; undefined where the field must be there. */
  readonly defaultValue: unknown;
}

export interface RecordNode {
  readonly kind: 'record';
  /** Full name. */
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly FieldNode[];
}

export interface EnumNode {
  readonly kind: 'enum';
  readonly name: string;
  readonly doc: string;
  readonly symbols: readonly string[];
}

export interface ArrayNode {
  readonly kind: 'array';
  readonly items: SchemaNode;
}

export interface UnionNode {
  readonly kind: 'union';
  readonly branches: readonly SchemaNode[];
}

export interface PrimitiveNode {
  readonly kind: PrimitiveKind;
  readonly logicalType: string | undefined;
}

export type SchemaNode = RecordNode | EnumNode | ArrayNode | UnionNode | PrimitiveNode;

/** Longs that travel: those that a double holds together with their zigzag form, and that avsc takes. */
export const minLong = -(2 ** 52);
export const maxLong = 2 ** 53 - 2;
export const minInt = -(2 ** 31);
export const maxInt = 2 ** 31 - 1;

const primitives: ReadonlySet<string> = new Set(['null', 'boolean', 'int', 'long', 'bytes', 'string']);

interface RawSchema {
  readonly type: unknown;
  readonly name?: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly logicalType?: string;
  readonly symbols?: readonly string[];
  readonly items?: unknown;
  readonly fields?: ReadonlyArray<{
    readonly name: string;
    readonly type: unknown;
    readonly doc?: string;
    readonly default?: unknown;
  }>;
}

/** @throws Error for what Parley's schemas do not use: maps, fixed, floating point, recursive types */
export function parseSchema(schema: unknown): SchemaNode {
  return parse(schema, '', new Map());
}

function parse(schema: unknown, namespace: string, named: Map<string, SchemaNode>): SchemaNode {
  if (Array.isArray(schema)) {
    return { kind: 'union', branches: schema.map((branch) => parse(branch, namespace, named)) };
  }
  if (typeof schema === 'string') return parseName(schema, namespace, named, undefined);
  const raw = schema as RawSchema;
  switch (raw.type) {
    case 'array':
      return { kind: 'array', items: parse(raw.items, namespace, named) };
    case 'enum': {
      const name = fullName(raw.name, raw.namespace ?? namespace);
      const node: EnumNode = { kind: 'enum', name, doc: raw.doc ?? '', symbols: raw.symbols ?? [] };
      named.set(name, node);
      return node;
    }
    case 'record': {
      const name = fullName(raw.name, raw.namespace ?? namespace);
      const inner = name.slice(0, Math.max(0, name.lastIndexOf('.')));
      const fields = (raw.fields ?? []).map((field) => ({
        name: field.name,
        doc: field.doc ?? '',
        node: parse(field.type, inner, named),
        defaultValue: field.default,
      }));
      const node: RecordNode = { kind: 'record', name, doc: raw.doc ?? '', fields };
      named.set(name, node);
      return node;
    }
    default:
      if (typeof raw.type === 'string') return parseName(raw.type, namespace, named, raw.logicalType);
      return parse(raw.type, namespace, named);
  }
}

function parseName(
  name: string,
  namespace: string,
  named: ReadonlyMap<string, SchemaNode>,
  logicalType: string | undefined,
): SchemaNode {
  if (primitives.has(name)) return { kind: name as PrimitiveKind, logicalType };
  const node = named.get(fullName(name, namespace));
  invariant(node !== undefined, `schema type ${name} is supported and defined before it is used`);
  return node;
}

function fullName(name: string | undefined, namespace: string): string {
  invariant(name !== undefined && name !== '', 'a named schema type has a name');
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}
