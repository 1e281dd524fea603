import { expect, it } from 'vitest';
import { normalizePhoneNumber } from './phone-number.ts';

it.each([
  ['+4915112345678', '+4915112345678'],
  [' +49 (0)151 1234-5678', '+4915112345678'],
  ['+1 202 555 0123', '+12025550123'],
  ['+91 98765 43210', '+919876543210'],
])('%s is %s', (input, expected) => {
  expect(normalizePhoneNumber(input)).toBe(expected);
});

it.each([
  '',
  '+',
  '015112345678',
  '+49',
  '+4915',
  '+999123456789',
  '+4915112345678;ext=1',
  '\0',
  '😀',
  `+${'1'.repeat(70_000)}`,
])('number %# is refused', (input) => {
  expect(() => normalizePhoneNumber(input)).toThrow('invalid_phone_number');
});
