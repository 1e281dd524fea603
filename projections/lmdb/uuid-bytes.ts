/** UUIDs as 16 bytes: half of every key is made of them. */
import { ParleyError } from '@parley/schemas/errors/parley-error';

export const uuidBytes = 16;
const textLength = 36;
const textDashes = [8, 13, 18, 23];
const dash = 45;

const nibble = new Int8Array(128).fill(-1);
for (let digit = 0; digit < 16; digit++) nibble['0123456789abcdef'.charCodeAt(digit)] = digit;
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function nibbleAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? nibble[code]! : -1;
}

/**
 * Writes the 16 bytes of a UUID in its canonical lower-case form.
 * @throws ParleyError `invalid_request` for anything else: another spelling would be another key
 */
export function writeUuid(target: Buffer, at: number, text: string): void {
  if (text.length !== textLength) throw new ParleyError('invalid_request', { detail: 'an id is not a UUID' });
  let position = at;
  for (let i = 0; i < textLength; ) {
    if (text.charCodeAt(i) === dash && textDashes.includes(i)) {
      i++;
      continue;
    }
    const high = nibbleAt(text, i);
    const low = nibbleAt(text, i + 1);
    if (high < 0 || low < 0) throw new ParleyError('invalid_request', { detail: 'an id is not a UUID' });
    target[position++] = (high << 4) | low;
    i += 2;
  }
  if (position !== at + uuidBytes) throw new ParleyError('invalid_request', { detail: 'an id is not a UUID' });
}

export function readUuid(source: Buffer, at: number): string {
  const part = (from: number, to: number): string => {
    let text = '';
    for (let i = from; i < to; i++) text += hex[source[at + i]!];
    return text;
  };
  return `${part(0, 4)}-${part(4, 6)}-${part(6, 8)}-${part(8, 10)}-${part(10, 16)}`;
}
