/**
 * How labels are compared in searches: without case, accents and ligatures.
 *
 * It is done here and not by the database, whose dictionaries and locales differ from one installation to the next (PGlite has none
 * of them): so the same label is found by the same letters everywhere.
 */
const maxKeyChars = 200;

/** Letters that Unicode takes for letters of their own, and people for others with a mark. */
const lookalikes: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  ı: 'i',
  þ: 'th',
};
const lookalike = new RegExp(`[${Object.keys(lookalikes).join('')}]`, 'gu');

export function searchKey(text: string): string {
  const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const letters = plain.replaceAll(lookalike, (letter) => lookalikes[letter] ?? letter);
  // A lower case may bring marks of its own (İ); by code points, so that no pair is torn.
  const words = letters
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[\s\p{Cc}\p{Cs}]+/gu, ' ')
    .trim();
  return [...words].slice(0, maxKeyChars).join('');
}
