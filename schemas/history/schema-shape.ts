/** What of a schema decides how bytes are read: two schemas of one shape differ in their documentation alone. */

/** A canonical text of the schema without its docs. */
export function shapeOf(schema: unknown): string {
  return JSON.stringify(canonical(schema));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  const members = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(members)
    .filter((key) => key !== 'doc')
    .sort();
  return Object.fromEntries(keys.map((key) => [key, key === 'default' ? members[key] : canonical(members[key])]));
}
