import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fillLimits } from './limits.ts';

it('docs/LIMITS.md says what the table of limits says: run `npm run pages`', () => {
  const page = readFileSync(new URL('../../docs/LIMITS.md', import.meta.url), 'utf8');
  expect(fillLimits(page)).toBe(page);
});
