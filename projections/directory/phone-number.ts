/** Phone numbers in one spelling: E.164, by the numbering plans that libphonenumber knows. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';

const maxInputLength = 40;

/**
 * `+49 (0)151 …` and the like become `+49151…`. The country code must be there: the server has no country of its own.
 * @throws ParleyError `invalid_phone_number`
 */
export function normalizePhoneNumber(input: string): string {
  const parsed = input.length <= maxInputLength ? parsePhoneNumberFromString(input) : undefined;
  if (parsed === undefined || !parsed.isValid() || parsed.ext !== undefined)
    throw new ParleyError('invalid_phone_number');
  return parsed.number;
}
