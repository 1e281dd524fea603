import { rulesOf } from '@parley/streams/conversation/rules';
import { expect, it } from 'vitest';
import { fetchMarginMs, historyMarginMs, idSkewMs } from './skew.ts';

it('rules 3, 12 and 13: the margins of readers cover the widest window of any version of the rules', () => {
  const windows: number[] = [];
  for (let version = 1; ; version++) {
    const rules = rulesOf(version);
    if (rules === undefined) break;
    windows.push(rules.messageIdWindowMs);
  }
  expect(Math.max(...windows)).toBe(idSkewMs);
  expect(historyMarginMs).toBeGreaterThanOrEqual(2 * idSkewMs);
  expect(fetchMarginMs).toBeGreaterThanOrEqual(3 * idSkewMs);
});
