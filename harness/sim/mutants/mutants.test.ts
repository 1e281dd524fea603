import { describe, expect, it } from 'vitest';
import { mutants } from './all.ts';
import { placesOf } from './run-mutants.ts';

/** Rules of design section 3 that are built. */
const builtRules = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];

describe('the mutants', () => {
  it('each stand in the code exactly once, and change it', () => {
    for (const mutant of mutants) {
      expect([mutant.name, placesOf(mutant)]).toEqual([mutant.name, 1]);
      expect(mutant.replace).not.toBe(mutant.find);
    }
  });

  it('have a name each', () => {
    const names = mutants.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('break every rule that is built', () => {
    expect([...new Set(mutants.map(({ rule }) => rule))].sort((one, other) => one - other)).toEqual(builtRules);
  });
});
