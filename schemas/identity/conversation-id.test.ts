import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { v5, validate } from 'uuid';
import { describe, expect, it } from 'vitest';
import {
  directConversationId,
  directConversationNamespace,
  isDirectConversationId,
  isUuid,
} from './conversation-id.ts';

/** RFC 9562, section 5.5, by hand. */
function uuid5(name: string, namespace: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

describe('conversation ids', () => {
  it('stand on a UUIDv5 that gives the vector of RFC 9562, appendix A.4', () => {
    const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
    expect(v5('www.example.com', dns)).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
    expect(uuid5('www.example.com', dns)).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
  });

  it('rule 5: are the same from both sides, version 5, and of the two users alone', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), fc.uuid(), (a, b, c) => {
        fc.pre(b !== c);
        const id = directConversationId(a, b);
        expect(directConversationId(b, a)).toBe(id);
        expect(directConversationId(a.toUpperCase(), b)).toBe(id);
        expect(id).toBe(uuid5([a, b].sort().join(':'), directConversationNamespace));
        expect(isUuid(id) && isDirectConversationId(id)).toBe(true);
        expect(directConversationId(a, c)).not.toBe(id);
      }),
    );
  });

  it('rule 5: are never those of a group', () => {
    fc.assert(fc.property(fc.uuid({ version: [1, 2, 3, 4, 6, 7, 8] }), (id) => !isDirectConversationId(id)));
    for (const text of ['', 'x', '5f0d3c1e7a544f5b9c3a2f6f1d8e4b90']) expect(isDirectConversationId(text)).toBe(false);
  });

  it('have one spelling', () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        expect(isUuid(id)).toBe(true);
        for (const other of [id.replaceAll('-', ''), `{${id}}`, ` ${id}`, `${id}\n`, id.slice(1)])
          expect(isUuid(other)).toBe(false);
        expect(isUuid(id.toUpperCase())).toBe(id === id.toUpperCase());
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        expect(typeof isUuid(text)).toBe('boolean');
      }),
    );
  });

  it('are what RFC 9562 says, character by character', () => {
    for (const id of ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])
      expect(isUuid(id)).toBe(true);
    const oneOff = fc.tuple(fc.uuid(), fc.nat(35), fc.constantFrom(...'0123456789abcdefgABG-/:@`é\u0000'));
    fc.assert(
      fc.property(oneOff, ([id, at, character]) => {
        const text = id.slice(0, at) + character + id.slice(at + 1);
        expect(isUuid(text)).toBe(validate(text) && text === text.toLowerCase());
      }),
      { numRuns: 2_000 },
    );
  });
});
