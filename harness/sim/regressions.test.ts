import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addRegression, knownRegressions } from './regressions.ts';

describe('regressions', () => {
  let folder = '';
  let path = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-regressions-'));
    path = join(folder, 'regressions.txt');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are none where there is no file', () => {
    expect(knownRegressions(path)).toEqual([]);
  });

  it('are written once for each seed and length, with the commit and what failed', () => {
    const own = { seed: 41, activeMs: null };
    const longer = { seed: 41, activeMs: 600_000 };
    expect(addRegression(own, 'abc1234', ['lost', 'late'], path)).toBe(true);
    expect(addRegression(own, 'def5678', ['lost'], path)).toBe(false);
    expect(addRegression(longer, 'def5678-dirty', ['lost'], path)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('41 abc1234 lost, late\n41/10 def5678-dirty lost\n');
    expect(knownRegressions(path)).toEqual([own, longer]);
  });

  it('are read past lines that are none', () => {
    writeFileSync(path, '# what was found\n\n7 abc1234 lost\n');
    expect(knownRegressions(path)).toEqual([{ seed: 7, activeMs: null }]);
  });
});
