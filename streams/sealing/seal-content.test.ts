import { systemRandom } from '@parley/schemas/environment/system';
import type { SealedContent } from '@parley/schemas/generated/state';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxMessageIdWindowMs } from '../conversation/rules.ts';
import { dataKeyBytes, dataKeyIdOf, destroyAtMs } from './data-key.ts';
import { maxSealOverheadBytes, openContent, sealContent } from './seal-content.ts';

const key = Buffer.alloc(dataKeyBytes, 7);
const about = { conversationId: '0d4c5ac6-7a0e-4a52-9e55-4f6a3a3f0001', messageId: '01J00000000000000000000000' };
const content: SealedContent = {
  encrypted_body: Buffer.from('ciphertext'),
  preview: 'See you at 5',
  media_url: null,
  thumbnail_url: null,
};
const texts = fc.option(fc.string());
const contents = fc
  .record({ encrypted_body: fc.uint8Array({ maxLength: 300 }), preview: texts, media_url: texts, thumbnail_url: texts })
  .map((fields): SealedContent => ({ ...fields, encrypted_body: Buffer.from(fields.encrypted_body) }));

describe('sealed content', () => {
  it('is what was sealed, for whoever has the key, and the same bytes each time', () => {
    fc.assert(
      fc.property(contents, (one) => {
        const sealed = sealContent(key, about, one);
        expect(openContent(key, about, sealed)).toEqual(one);
        expect(sealContent(key, about, one).equals(sealed)).toBe(true);
        const texts = [one.preview, one.media_url, one.thumbnail_url].map((text) => Buffer.byteLength(text ?? ''));
        const fields = one.encrypted_body.length + texts.reduce((sum, bytes) => sum + bytes, 0);
        expect(sealed.length - fields).toBeLessThanOrEqual(maxSealOverheadBytes);
      }),
    );
  });

  it('does not open under another key, for another message or conversation, or with a bit changed', () => {
    const sealed = sealContent(key, about, content);
    const another = Buffer.from(key);
    another[0]! ^= 1;
    expect(openContent(another, about, sealed)).toBeNull();
    expect(openContent(key, { ...about, messageId: '01J00000000000000000000001' }, sealed)).toBeNull();
    expect(openContent(key, { ...about, conversationId: '0d4c5ac6-7a0e-4a52-9e55-4f6a3a3f0002' }, sealed)).toBeNull();
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(openContent(key, about, changed)).toBeNull();
    }
    expect(openContent(key, about, sealed.subarray(0, 20))).toBeNull();
  });

  it('shares no nonce between contents, messages or conversations', () => {
    const nonces = [
      sealContent(key, about, content),
      sealContent(key, about, { ...content, preview: 'See you at 6' }),
      sealContent(key, { ...about, messageId: '01J00000000000000000000001' }, content),
    ].map((sealed) => sealed.subarray(0, 12).toString('hex'));
    expect(new Set(nonces).size).toBe(3);
  });

  it('holds nothing of the content in clear', () => {
    expect(sealContent(key, about, content).includes('See you')).toBe(false);
  });
});

describe('the time of a data key', () => {
  it('rule 23: ends after the last message that it sealed has expired, and within a day of the first', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 42 }),
        fc.integer({ min: 1, max: 7_776_000 }),
        (timeMs, timerSeconds) => {
          const id = dataKeyIdOf(about.conversationId, makeMessageId(timeMs, systemRandom), timerSeconds);
          const lastExpiryMs = timeMs + maxMessageIdWindowMs + timerSeconds * 1_000;
          expect(destroyAtMs(id)).toBeGreaterThanOrEqual(lastExpiryMs);
          expect(destroyAtMs(id) - lastExpiryMs).toBeLessThanOrEqual(86_400_000);
        },
      ),
    );
  });
});
