/**
 * What the statements of the stores mean: a parser for the part of CQL that they use.
 *
 * It knows INSERT and UPDATE with USING TIMESTAMP (and TTL), and SELECT with conditions on columns, ORDER BY, LIMIT, MIN and
 * WRITETIME. A write without USING TIMESTAMP is refused: it would be written at the wall clock's time (design rule 8).
 */
import { invariant } from '@parley/schemas/errors/invariant';

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly isStatic: boolean;
}

export interface Table {
  readonly name: string;
  readonly columns: ReadonlyMap<string, Column>;
  readonly partitionKey: readonly string[];
  readonly clusteringKey: readonly string[];
}

/** One column, or one entry of a map, that a write sets. */
export interface Assignment {
  readonly column: string;
  /** Index of the parameter that names the entry of a map. */
  readonly entryParam: number | null;
  readonly valueParam: number;
}

export interface WritePlan {
  readonly kind: 'write';
  readonly table: string;
  readonly isInsert: boolean;
  readonly assignments: readonly Assignment[];
  readonly keyParams: ReadonlyMap<string, number>;
  readonly timestampParam: number;
  readonly ttlParam: number | null;
}

export type Operator = '=' | '<' | '>' | '<=' | '>=';

export interface Selected {
  readonly as: string;
  readonly column: string;
  readonly what: 'value' | 'writetime' | 'min';
}

export interface ReadPlan {
  readonly kind: 'read';
  readonly table: string;
  readonly selected: readonly Selected[];
  readonly isDistinct: boolean;
  readonly conditions: ReadonlyArray<{ readonly column: string; readonly operator: Operator; readonly param: number }>;
  readonly isDescending: boolean;
  /** A number, or the parameter that holds it. */
  readonly limit: { readonly param: number } | { readonly rows: number } | null;
}

export type Plan = WritePlan | ReadPlan;

export function parseTable(statement: string): Table | null {
  const text = statement.replaceAll(/--[^\n]*/g, '');
  const match = /CREATE TABLE IF NOT EXISTS \w+\.(\w+) \(([\s\S]*)\)(?: WITH|\s*$)/.exec(text);
  if (match === null) return null;
  const columns = new Map<string, Column>();
  let partitionKey: string[] = [];
  let clusteringKey: string[] = [];
  for (const part of splitOutside(match[2]!)) {
    const key = /^PRIMARY KEY \((?:\(([^)]*)\)|(\w+))(?:, (.*))?\)$/.exec(part);
    if (key !== null) {
      partitionKey = (key[1] ?? key[2]!).split(',').map((name) => name.trim());
      clusteringKey = (key[3] ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
      continue;
    }
    const [name, ...type] = part.split(' ') as [string, ...string[]];
    if (part.endsWith('PRIMARY KEY')) partitionKey = [name];
    columns.set(name, { name, type: type.join(' '), isStatic: part.endsWith(' static') });
  }
  return { name: match[1]!, columns, partitionKey, clusteringKey };
}

/** At commas that stand in no brackets. */
function splitOutside(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const character of text) {
    if (character === '(' || character === '<') depth++;
    if (character === ')' || character === '>') depth--;
    if (character === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else {
      part += character;
    }
  }
  parts.push(part);
  return parts.map((one) => one.trim().replaceAll(/\s+/g, ' ')).filter((one) => one !== '');
}

export function parseStatement(statement: string): Plan {
  const text = statement.trim().replaceAll(/\s+/g, ' ');
  const plan = parseInsert(text) ?? parseUpdate(text) ?? parseSelect(text);
  invariant(plan !== null, `the simulator's CQL understands: ${text}`);
  return plan;
}

function parseInsert(text: string): WritePlan | null {
  const match = /^INSERT INTO (\w+) \(([^)]*)\) VALUES \(([^)]*)\)(.*)$/.exec(text);
  if (match === null) return null;
  const names = match[2]!.split(',').map((name) => name.trim());
  const isExpiring = match[4] === ' USING TIMESTAMP ? AND TTL ?';
  invariant(isExpiring || match[4] === ' USING TIMESTAMP ?', `rule 8: a write carries its timestamp: ${text}`);
  return {
    kind: 'write',
    table: match[1]!,
    isInsert: true,
    assignments: names.map((column, valueParam) => ({ column, entryParam: null, valueParam })),
    keyParams: new Map(names.map((name, index) => [name, index])),
    timestampParam: names.length,
    ttlParam: isExpiring ? names.length + 1 : null,
  };
}

function parseUpdate(text: string): WritePlan | null {
  const match = /^UPDATE (\w+)( USING TIMESTAMP \?( AND TTL \?)?)? SET (.*) WHERE (.*)$/.exec(text);
  if (match === null) return null;
  invariant(match[2] !== undefined, `rule 8: a write carries its timestamp: ${text}`);
  let param = match[3] === undefined ? 1 : 2;
  const assignments = match[4]!.split(',').map((part): Assignment => {
    const [, column, entry] = /^\s*(\w+)(\[\?\])? = \?\s*$/.exec(part)!;
    const entryParam = entry === undefined ? null : param++;
    return { column: column!, entryParam, valueParam: param++ };
  });
  const keyParams = new Map(match[5]!.split(' AND ').map((part) => [part.split(' ')[0]!, param++]));
  return {
    kind: 'write',
    table: match[1]!,
    isInsert: false,
    assignments,
    keyParams,
    timestampParam: 0,
    ttlParam: match[3] === undefined ? null : 1,
  };
}

function parseSelect(text: string): ReadPlan | null {
  const match =
    /^SELECT (DISTINCT )?(.*) FROM (\w+) WHERE (.*?)(?: ORDER BY (.*?))?(?: LIMIT (\?|\d+))?(?: ALLOW FILTERING)?$/.exec(
      text,
    );
  if (match === null) return null;
  const conditions = match[4]!.split(' AND ').map((part, param) => {
    const [, column, operator] = /^(\w+) (=|<|>|<=|>=) \?$/.exec(part.trim())!;
    return { column: column!, operator: operator as Operator, param };
  });
  const limit = match[6];
  return {
    kind: 'read',
    table: match[3]!,
    selected: splitOutside(match[2]!).map(parseSelected),
    isDistinct: match[1] !== undefined,
    conditions,
    isDescending: /DESC/.test(match[5] ?? ''),
    limit: limit === undefined ? null : limit === '?' ? { param: conditions.length } : { rows: Number(limit) },
  };
}

function parseSelected(part: string): Selected {
  const call = /^(WRITETIME|MIN)\((\w+)\) AS (\w+)$/.exec(part);
  if (call === null) return { as: part, column: part, what: 'value' };
  return { as: call[3]!, column: call[2]!, what: call[1] === 'MIN' ? 'min' : 'writetime' };
}
