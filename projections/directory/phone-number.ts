/** Phone numbers in one spelling: E.164, by the numbering plans that libphonenumber knows. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/max';

const maxInputLength = 40;

/**
 * `+49 (0)151 …` and the like become `+49151…`. The country code must be there: the server has no country of its own.
 * @throws ParleyError `invalid_phone_number`
 */
export function normalizePhoneNumber(input: string): string {
  const number = parse(input, null);
  if (number === null) throw new ParleyError('invalid_phone_number');
  return number;
}

/**
 * Numbers of somebody's address book: those without a country code are of the country of their own number. Null for what is none.
 * @param ownNumber E.164
 */
export function addressBookNumbers(inputs: readonly string[], ownNumber: string): readonly (string | null)[] {
  const country = parsePhoneNumberFromString(ownNumber)?.country ?? null;
  return inputs.map((input) => parse(input, country));
}

function parse(input: string, country: CountryCode | null): string | null {
  if (input.length > maxInputLength) return null;
  const parsed = country === null ? parsePhoneNumberFromString(input) : parsePhoneNumberFromString(input, country);
  return parsed === undefined || !parsed.isValid() || parsed.ext !== undefined ? null : parsed.number;
}
