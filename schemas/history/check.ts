/** The offline check: what events/ says now is what was committed, and every version could follow those before it. */
import { incompatibilities } from './compatibility.ts';
import { type CurrentSchema, type HistoryFiles, type HistoryIndex, sha256Of, type VersionEntry } from './files.ts';
import { shapeOf } from './schema-shape.ts';

export interface Finding {
  readonly subject: string;
  readonly problem: string;
}

/** Everything that is wrong; empty if nothing is. */
export function checkHistory(files: HistoryFiles): Finding[] {
  const index = files.index();
  const current = files.current();
  const subjects = new Set([...Object.keys(index.subjects), ...current.map((known) => known.subject)]);
  return [
    ...duplicateIds(index),
    ...[...subjects].sort().flatMap((subject) => checkSubject(files, index, subject, current)),
  ];
}

function duplicateIds({ versions }: HistoryIndex): Finding[] {
  const seen = new Set<number>();
  return versions.flatMap(({ id, subject }) => {
    if (seen.has(id)) return [{ subject, problem: `id ${id} is given twice` }];
    seen.add(id);
    return [];
  });
}

function checkSubject(
  files: HistoryFiles,
  index: HistoryIndex,
  subject: string,
  current: readonly CurrentSchema[],
): Finding[] {
  const finding = (problem: string): Finding => ({ subject, problem });
  const entries = versionsOf(index, subject);
  const compatibility = index.subjects[subject];
  const now = current.find((known) => known.subject === subject);
  if (now === undefined) return [finding('was committed, but events/ has it no longer: records still name it')];
  if (compatibility === undefined || entries.length === 0) return [finding('was never committed')];
  const found: Finding[] = [];
  const earlier = entries.map((entry, position) => {
    const schema = files.schema(entry);
    if (entry.version !== position + 1) found.push(finding(`version ${entry.version} stands in place ${position + 1}`));
    if (sha256Of(schema) !== entry.sha256) found.push(finding(`version ${entry.version} was changed after its commit`));
    return { version: entry.version, schema };
  });
  for (const [position, { version, schema }] of earlier.entries()) {
    const reasons = incompatibilities(schema, earlier.slice(0, position), compatibility);
    found.push(...reasons.map((reason) => finding(`version ${version} breaks ${compatibility}: ${reason}`)));
  }
  if (shapeOf(earlier.at(-1)!.schema) !== shapeOf(now.schema)) {
    const reasons = incompatibilities(now.schema, earlier, compatibility);
    found.push(...reasons.map((reason) => finding(`its change breaks ${compatibility}: ${reason}`)));
    if (reasons.length === 0) found.push(finding('has changed and is not committed'));
  }
  return found;
}

/** Of one subject, oldest first. */
export function versionsOf(index: HistoryIndex, subject: string): VersionEntry[] {
  return index.versions.filter((entry) => entry.subject === subject);
}
