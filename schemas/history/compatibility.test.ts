import { describe, expect, it } from 'vitest';
import { compatibilityContract } from './compatibility.contract.ts';
import { incompatibilities } from './compatibility.ts';

compatibilityContract('the offline check', async (before, after, compatibility) => {
  return incompatibilities(after, [{ version: 1, schema: before }], compatibility).length === 0;
});

const record = (...fields: unknown[]): unknown => ({
  type: 'record',
  name: 'Sample',
  namespace: 'parley.events',
  fields,
});

describe('incompatibilities', () => {
  it('asks every earlier version, not the last alone', () => {
    const first = record({ name: 'a', type: 'int' });
    const second = record();
    const third = record({ name: 'a', type: 'string', default: '' });
    const earlier = [
      { version: 1, schema: first },
      { version: 2, schema: second },
    ];
    expect(incompatibilities(third, earlier.slice(1), 'BACKWARD_TRANSITIVE')).toEqual([]);
    expect(incompatibilities(third, earlier, 'BACKWARD_TRANSITIVE')).toEqual([
      expect.stringContaining('cannot read what version 1 wrote'),
    ]);
  });

  it('says so when the candidate is no schema at all', () => {
    expect(incompatibilities(record({ name: 'a', type: 'nothing' }), [], 'FULL_TRANSITIVE')).toEqual([
      expect.stringContaining('not a valid schema'),
    ]);
  });
});
