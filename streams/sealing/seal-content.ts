/**
 * Seals what a message carries, under its data key: AES-256-GCM, bound to the conversation and the message id.
 *
 * The nonce is drawn from the content by HMAC-SHA-256, as in RFC 8452's synthetic nonces: the same send sealed twice gives the
 * same bytes, so that the fold knows a retry by its fingerprint, and two contents never share a nonce.
 *
 *     12 bytes nonce | 16 bytes tag | ciphertext of the Avro record SealedContent
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { invariant } from '@parley/schemas/errors/invariant';
import { type SealedContent, stateSchemas } from '@parley/schemas/generated/state';
import avro from 'avsc';
import { dataKeyBytes } from './data-key.ts';

const nonceBytes = 12;
const tagBytes = 16;
const sealingKeyBytes = 32;
/** Besides the content's own fields: nonce, tag, and the lengths of four fields. */
export const maxSealOverheadBytes = nonceBytes + tagBytes + 32;

const contentType = avro.Type.forSchema(stateSchemas.sealed_content as unknown as avro.Schema);

export interface SealedFor {
  readonly conversationId: string;
  readonly messageId: string;
}

const associated = ({ conversationId, messageId }: SealedFor): Buffer => Buffer.from(`${conversationId}/${messageId}`);

export function sealContent(key: Buffer, about: SealedFor, content: SealedContent): Buffer {
  invariant(key.length === dataKeyBytes, 'a data key has both its halves');
  const plain = contentType.toBuffer(content);
  const bound = associated(about);
  const nonce = createHmac('sha256', key.subarray(sealingKeyBytes)).update(bound).update(plain).digest();
  const cipher = createCipheriv('aes-256-gcm', key.subarray(0, sealingKeyBytes), nonce.subarray(0, nonceBytes));
  cipher.setAAD(bound);
  const sealed = cipher.update(plain);
  cipher.final();
  return Buffer.concat([nonce.subarray(0, nonceBytes), cipher.getAuthTag(), sealed]);
}

/** Null if the bytes were not sealed under this key for this message. */
export function openContent(key: Buffer, about: SealedFor, sealed: Buffer): SealedContent | null {
  invariant(key.length === dataKeyBytes, 'a data key has both its halves');
  if (sealed.length < nonceBytes + tagBytes) return null;
  const nonce = sealed.subarray(0, nonceBytes);
  const decipher = createDecipheriv('aes-256-gcm', key.subarray(0, sealingKeyBytes), nonce, {
    authTagLength: tagBytes,
  });
  decipher.setAAD(associated(about));
  decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    const plain = Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]);
    return contentType.fromBuffer(plain) as SealedContent;
  } catch {
    // Another key, another message, or changed bytes: there is nothing to be read, and no more to be known.
    return null;
  }
}
