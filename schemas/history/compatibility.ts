/**
 * Whether a schema may follow those that a subject has had, by the rules that the Schema Registry applies.
 *
 * Backward: who knows the new schema reads what was written with each older one. Full: each older one reads the new as well.
 * The question "can this read that" is put to avsc, which is what reads records; the cluster test of `register` asks a real
 * registry the same.
 */
import avro from 'avsc';
import { shapeOf } from './schema-shape.ts';

export type Compatibility = 'FULL_TRANSITIVE' | 'BACKWARD_TRANSITIVE';

export interface EarlierVersion {
  readonly version: number;
  readonly schema: unknown;
}

/** Why the candidate may not follow the earlier versions; empty if it may. */
export function incompatibilities(
  candidate: unknown,
  earlier: readonly EarlierVersion[],
  compatibility: Compatibility,
): string[] {
  const invalid = faultOf(candidate);
  if (invalid !== null) return [`not a valid schema: ${invalid}`];
  const found: string[] = [];
  for (const { version, schema } of earlier) {
    if (shapeOf(schema) === shapeOf(candidate)) continue;
    const backward = cannotRead(candidate, schema);
    if (backward !== null) found.push(`cannot read what version ${version} wrote: ${backward}`);
    if (compatibility !== 'FULL_TRANSITIVE') continue;
    const forward = cannotRead(schema, candidate);
    if (forward !== null) found.push(`version ${version} cannot read what it writes: ${forward}`);
  }
  return found;
}

function faultOf(schema: unknown): string | null {
  try {
    avro.Type.forSchema(schema as avro.Schema);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** Null if a reader with the one schema reads whatever a writer with the other wrote. */
function cannotRead(reader: unknown, writer: unknown): string | null {
  try {
    avro.Type.forSchema(reader as avro.Schema).createResolver(avro.Type.forSchema(writer as avro.Schema));
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
