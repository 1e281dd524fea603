import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventName, eventSchemas } from '../generated/events.ts';
import { checkHistory } from './check.ts';
import { commitSchemas } from './commit.ts';
import { committedSchemas } from './committed.ts';
import { HistoryFiles } from './files.ts';
import { shapeOf } from './schema-shape.ts';

let root: string;
let files: HistoryFiles;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parley-history-'));
  mkdirSync(join(root, 'events'));
  files = new HistoryFiles(root);
});
afterEach(() => rmSync(root, { recursive: true }));

const id = { name: 'id', type: 'string', doc: 'the id' };
const note = { name: 'note', type: ['null', 'string'], default: null };
const subject = 'parley.events.Sample';

function write(...fields: unknown[]): void {
  const schema = { type: 'record', name: 'Sample', namespace: 'parley.events', doc: 'a sample', fields };
  writeFileSync(join(root, 'events', 'sample.avsc'), JSON.stringify(schema));
}
const problems = (): string[] => checkHistory(files).map((finding) => finding.problem);

/** Of topics that are kept for a while only. */
const shortLived = ['dead_letter', 'presence_changed', 'push_job'];

describe('the history', () => {
  it('is what events/ says now, and every version could follow those before it', () => {
    const repository = new HistoryFiles(fileURLToPath(new URL('..', import.meta.url)));
    expect(checkHistory(repository)).toEqual([]);
  });

  it('is what the running code has', () => {
    const current = committedSchemas.filter((committed) => committed.current);
    expect(current.map(({ event }) => event).sort()).toEqual(Object.keys(eventSchemas).sort());
    for (const { event, schema } of current) expect(shapeOf(schema)).toBe(shapeOf(eventSchemas[event as EventName]));
  });

  it('keeps topics that stay for ever readable in both directions', () => {
    for (const { event, compatibility } of committedSchemas) {
      expect([event, compatibility]).toEqual([
        event,
        shortLived.includes(event) ? 'BACKWARD_TRANSITIVE' : 'FULL_TRANSITIVE',
      ]);
    }
  });

  it('gives every version an id of its own, and the next free one to the next', () => {
    write(id);
    expect(commitSchemas(files, 'FULL_TRANSITIVE').added).toMatchObject([{ id: 1, subject, version: 1 }]);
    write(id, note);
    expect(commitSchemas(files, 'FULL_TRANSITIVE').added).toMatchObject([{ id: 2, subject, version: 2 }]);
    expect(readdirSync(join(root, 'history', subject)).sort()).toEqual(['1.avsc', '2.avsc']);
    expect(problems()).toEqual([]);
    expect(commitSchemas(files, 'FULL_TRANSITIVE')).toEqual({ added: [], refused: [] });
  });

  it('does not mind a change of documentation', () => {
    write(id);
    commitSchemas(files, 'FULL_TRANSITIVE');
    write({ ...id, doc: 'said better' });
    expect(problems()).toEqual([]);
    expect(commitSchemas(files, 'FULL_TRANSITIVE').added).toEqual([]);
  });

  it('notices a change that was not committed', () => {
    write(id);
    expect(problems()).toEqual(['was never committed']);
    commitSchemas(files, 'FULL_TRANSITIVE');
    write(id, note);
    expect(problems()).toEqual(['has changed and is not committed']);
  });

  const colour = (...symbols: string[]): unknown => ({
    name: 'colour',
    type: { type: 'enum', name: 'Colour', symbols },
  });
  it.each([
    ['a field is removed that has no default', [note, colour('red', 'blue')]],
    ['a type is changed', [{ ...id, type: 'long' }, note, colour('red', 'blue')]],
    ['a symbol is removed from an enum without a default', [id, note, colour('red')]],
    ['a field is renamed', [{ ...id, name: 'key' }, note, colour('red', 'blue')]],
    ['a field without a default is added', [id, note, colour('red', 'blue'), { name: 'new', type: 'int' }]],
  ])('refuses it when %s', (_what, changed) => {
    write(id, note, colour('red', 'blue'));
    commitSchemas(files, 'FULL_TRANSITIVE');
    write(...changed);
    expect(problems()).not.toEqual([]);
    for (const problem of problems()) expect(problem).toContain('breaks FULL_TRANSITIVE');
    const { added, refused } = commitSchemas(files, 'FULL_TRANSITIVE');
    expect(added).toEqual([]);
    expect(refused).toMatchObject([{ subject }]);
    expect(readdirSync(join(root, 'history', subject))).toEqual(['1.avsc']);
  });

  it('notices a version that was changed after its commit, and an event that is gone', () => {
    write(id);
    commitSchemas(files, 'FULL_TRANSITIVE');
    const path = join(root, 'history', subject, '1.avsc');
    writeFileSync(path, JSON.stringify({ type: 'record', name: 'Sample', namespace: 'parley.events', fields: [note] }));
    expect(problems()).toContain('version 1 was changed after its commit');
    rmSync(join(root, 'events', 'sample.avsc'));
    expect(problems()).toEqual([expect.stringContaining('events/ has it no longer')]);
  });
});
