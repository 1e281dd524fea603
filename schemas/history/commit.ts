/** Takes what has changed in events/ into the history, if it may follow what is there. */
import { versionsOf } from './check.ts';
import { type Compatibility, incompatibilities } from './compatibility.ts';
import type { HistoryFiles, VersionEntry } from './files.ts';
import { shapeOf } from './schema-shape.ts';

export interface CommitResult {
  readonly added: readonly VersionEntry[];
  /** Per refused subject, why; nothing of a refused subject was written. */
  readonly refused: ReadonlyArray<{ readonly subject: string; readonly reasons: readonly string[] }>;
}

/** A subject that is new begins with `firstCompatibility`. */
export function commitSchemas(files: HistoryFiles, firstCompatibility: Compatibility): CommitResult {
  const added: VersionEntry[] = [];
  const refused: { subject: string; reasons: string[] }[] = [];
  for (const { subject, schema } of files.current()) {
    const index = files.index();
    const compatibility = index.subjects[subject] ?? firstCompatibility;
    const earlier = versionsOf(index, subject).map((entry) => ({
      version: entry.version,
      schema: files.schema(entry),
    }));
    const last = earlier.at(-1);
    if (last !== undefined && shapeOf(last.schema) === shapeOf(schema)) continue;
    const reasons = incompatibilities(schema, earlier, compatibility);
    if (reasons.length > 0) refused.push({ subject, reasons });
    else added.push(files.add(subject, schema, compatibility));
  }
  return { added, refused };
}
