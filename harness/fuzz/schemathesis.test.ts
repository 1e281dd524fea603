import { describe, expect, it } from 'vitest';
import { counted } from './schemathesis.ts';

const report = (tests: number, failures: number, errors: number): string =>
  `<?xml version="1.0"?>\n<testsuites tests="${tests}" failures="${failures}" errors="${errors}" time="1.5">\n<testsuite name="x" tests="${tests}"/></testsuites>`;

describe('the count of a fuzzing run', () => {
  it('is that of its report', () => {
    expect(counted(report(13, 0, 0), 0)).toEqual({ passed: 13, failed: 0 });
    expect(counted(report(13, 2, 1), 1)).toEqual({ passed: 10, failed: 3 });
  });

  it('has a failure for a run that ended badly, and passes nothing for a report that says nothing', () => {
    expect(counted(report(13, 0, 0), 1)).toEqual({ passed: 13, failed: 1 });
    expect(counted(report(13, 0, 0), null).failed).toBe(1);
    expect(counted('', 0)).toEqual({ passed: 0, failed: 0 });
  });
});
