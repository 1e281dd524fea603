/** Well-formed text: UTF-8 as the Unicode standard's table 3-7 has it, and strings without lone surrogates. */

/** True if the bytes in [from, to) are well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. */
export function isUtf8(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to) {
    const lead = bytes[at]!;
    if (lead < 0x80) {
      at++;
      continue;
    }
    const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length === 0 || at + length > to || !isTail(bytes, at, lead, length)) return false;
    at += length;
  }
  return true;
}

function isTail(bytes: Uint8Array, at: number, lead: number, length: number): boolean {
  const second = bytes[at + 1]!;
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return false;
  for (let i = 2; i < length; i++) {
    if ((bytes[at + i]! & 0xc0) !== 0x80) return false;
  }
  return true;
}

const loneSurrogate = /\p{Surrogate}/u;

/** True if the string can be written as UTF-8 and read back the same. */
export function isWellFormed(text: string): boolean {
  return !loneSurrogate.test(text);
}
