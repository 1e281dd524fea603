import { describe, expect, it } from 'vitest';
import { type ErrorCode, errorCatalogue, errorSections, isErrorCode } from './catalogue.ts';
import { invariant } from './invariant.ts';
import { hasCode, ParleyError } from './parley-error.ts';

describe('the catalogue', () => {
  it.each(Object.entries(errorCatalogue))('%s says what it is and what to do', (code, entry) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(entry.httpStatus).toBeGreaterThanOrEqual(400);
    expect(entry.httpStatus).toBeLessThan(600);
    expect(entry.message).toMatch(/^[A-Z].*\.$/);
    expect(entry.action).toMatch(/^[A-Z].*\.$/);
    // 1009 and 1013 are registered for just this; everything else that Parley closes with is in the private range.
    if (entry.closeCode !== null)
      expect([1009, 1013].includes(entry.closeCode) || (entry.closeCode >= 4400 && entry.closeCode < 4600)).toBe(true);
  });

  it('has every code in one section, and close codes that differ where the client must act differently', () => {
    const codes = errorSections.flatMap(({ entries }) => Object.keys(entries));
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.sort()).toEqual(Object.keys(errorCatalogue).sort());
    const entries = Object.values(errorCatalogue).filter((entry) => entry.closeCode !== null);
    for (const entry of entries) {
      for (const other of entries) {
        if (entry.closeCode === other.closeCode) expect(entry.retryable).toBe(other.retryable);
      }
    }
  });

  it('says of codes whether they are known', () => {
    expect(isErrorCode('malformed_frame')).toBe(true);
    for (const code of ['toString', '__proto__', '', 'nothing']) expect(isErrorCode(code)).toBe(false);
  });
});

describe('ParleyError', () => {
  it('carries its code, detail, delay and cause', () => {
    const cause = new Error('socket closed');
    const error = new ParleyError('unavailable', { detail: 'the store', retryAfterMs: 500, cause });
    expect(error).toMatchObject({
      name: 'ParleyError',
      code: 'unavailable',
      detail: 'the store',
      retryAfterMs: 500,
      cause,
    });
    expect(error.message).toBe('unavailable: A service that is needed does not answer. (the store)');
    expect(hasCode(error, 'unavailable')).toBe(true);
    expect(hasCode(error, 'internal')).toBe(false);
    expect(hasCode(cause, 'unavailable')).toBe(false);
  });

  it('says the sentence of the catalogue for every code', () => {
    for (const code of Object.keys(errorCatalogue) as ErrorCode[]) {
      const error = new ParleyError(code);
      expect(error.message).toBe(`${code}: ${errorCatalogue[code].message}`);
      expect([error.detail, error.retryAfterMs, error.cause]).toEqual([undefined, undefined, undefined]);
    }
  });
});

describe('invariant', () => {
  it('throws when what must be true is not', () => {
    expect(() => invariant(true, 'fine')).not.toThrow();
    for (const falsy of [false, 0, '', null, undefined, Number.NaN])
      expect(() => invariant(falsy, 'x')).toThrow('invariant violated: x');
  });
});
