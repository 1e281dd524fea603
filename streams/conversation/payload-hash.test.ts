import type { MessageSent } from '@parley/schemas/generated/events';
import { expect, it } from 'vitest';
import { payloadHash } from './payload-hash.ts';
import { bob, mallory, newId, sent, startMs } from './story.fixture.ts';

const base = sent({ message_id: newId(startMs) }).event;
const target = { message_id: newId(startMs), seq: 1, sender_id: bob, message_type: 'text' as const, at_ms: startMs };
const hashOf = (fields: Partial<MessageSent>) => payloadHash({ ...base, ...fields }).toString('hex');

it('differs for every field that the client chose, and tells null from empty', () => {
  const hashes = [
    hashOf({}),
    hashOf({ sender_id: mallory }),
    hashOf({ message_type: 'image' }),
    hashOf({ encrypted_body: Buffer.from('other') }),
    hashOf({ preview: '' }),
    hashOf({ preview: 'a' }),
    hashOf({ media_url: 'a' }),
    hashOf({ thumbnail_url: 'a' }),
    hashOf({ reply_to: 'a' }),
    hashOf({ preview: 'ab', media_url: 'c' }),
    hashOf({ preview: 'a', media_url: 'bc' }),
    hashOf({ message_type: 'edit' }),
    hashOf({ message_type: 'edit', target }),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
});

it('is the same whatever gateways stamp', () => {
  const stamped = { sender_device_id: mallory, rules_version: 9, message_id: newId(startMs) };
  expect(hashOf(stamped)).toBe(hashOf({}));
  // The target of a reply is what the gateway found, or did not find, for reply_to.
  expect(hashOf({ reply_to: target.message_id, target })).toBe(hashOf({ reply_to: target.message_id }));
  const facts = { ...target, seq: 7, at_ms: 7 };
  expect(hashOf({ message_type: 'edit', target: facts })).toBe(hashOf({ message_type: 'edit', target }));
});

it('is stored for ever, so it stays what it was', () => {
  expect(hashOf({ message_type: 'text', preview: 'hé', encrypted_body: Buffer.from([0, 255]) })).toBe(
    'd4932e7ddc66b172ca134244f57d2e02',
  );
});
