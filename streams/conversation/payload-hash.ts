/**
 * A fingerprint of what a client sent: two sends under one id are the same message if their fingerprints are equal (design
 * rule 1).
 *
 * SHA-256, cut to 16 bytes, over who sent it and the fields that the client chose. What a gateway stamps (device, facts about the
 * target, version of the rules) may differ between two attempts of one send and is left out; the sender is in, so that nobody
 * gets the verdict of another member's message by copying it. Each field is preceded by its length (0xffffffff for null), so that no
 * two payloads run together. Fingerprints are stored for ever: this layout can't change; what came later is in where it is there. The
 * seal of a message that disappears depends on nothing but its content and its key, so the sealed bytes stand for the content.
 */
import { hash } from 'node:crypto';
import type { MessageSent, MlsHeader } from '@parley/schemas/generated/events';
import { needsTarget } from './rules.ts';

export const payloadHashBytes = 16;
const absent = 0xffff_ffff;
const lengthBytes = 4;

/** The target that the client named: a reply's is only what the gateway found out about `reply_to`. */
export function namedTarget(sent: MessageSent): string | null {
  return needsTarget(sent.message_type) && sent.target !== null ? sent.target.message_id : null;
}

const sizeOf = (text: string | null): number => lengthBytes + (text === null ? 0 : Buffer.byteLength(text));

function writeText(into: Buffer, at: number, text: string | null): number {
  if (text === null) return into.writeUInt32LE(absent, at);
  const length = into.write(text, at + lengthBytes);
  into.writeUInt32LE(length, at);
  return at + lengthBytes + length;
}

/** In one order, whoever decoded it. */
function headerText({ kind, group_id, generation, epoch, after_seq, recipient_id }: MlsHeader): string {
  return JSON.stringify([kind, group_id.toString('base64'), generation, epoch, after_seq, recipient_id]);
}

export function payloadHash(sent: MessageSent): Buffer {
  const body = sent.encrypted_body;
  const texts: (string | null)[] = [
    sent.sender_id,
    sent.message_type,
    sent.preview,
    sent.media_url,
    sent.thumbnail_url,
    sent.reply_to,
    namedTarget(sent),
  ];
  if (sent.timer_seconds !== 0) texts.push(String(sent.timer_seconds), sent.sealed_content?.toString('latin1') ?? null);
  if (sent.mls !== null) texts.push(headerText(sent.mls));
  let size = lengthBytes + body.length;
  for (const text of texts) size += sizeOf(text);
  const input = Buffer.allocUnsafe(size);
  let at = 0;
  for (const text of texts) at = writeText(input, at, text);
  at = input.writeUInt32LE(body.length, at);
  input.set(body, at);
  const digest = hash('sha256', input, 'binary');
  // Not out of the pool: a fingerprint is remembered for a while, and would keep a whole slab of the pool alive meanwhile.
  const fingerprint = Buffer.alloc(payloadHashBytes);
  for (let i = 0; i < payloadHashBytes; i++) fingerprint[i] = digest.charCodeAt(i);
  return fingerprint;
}
