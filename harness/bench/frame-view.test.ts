import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import { describe, expect, test } from 'vitest';
import { acceptedSeq, DeliveredFrames, receiptSeq, viewMessage } from './frame-view.ts';

const conversationId = '6f1b0a52-9d5e-5c8e-8f0a-1d2c3b4a5968';
const userId = '1b4e28ba-2fa1-41d2-883f-0016d3cca427';
const messageId = '01HZY3V5D9WJ5K8T4Q0C7R2XNB';
const seqs = [1, 63, 64, 8_191, 8_192, 2_000_000, 2 ** 40];

describe.each(seqs)('seq %d', (seq) => {
  test('of a message, and where its body stands', () => {
    const frame = encodeFrame('message', {
      message: {
        conversation_id: conversationId,
        seq,
        ordinal: seq,
        message_id: messageId,
        sender_id: userId,
        sender_device_id: userId,
        message_type: 'document',
        encrypted_body: Buffer.from('a body of a length that takes two bytes: '.repeat(4)),
        preview: 'seen',
        media_url: null,
        thumbnail_url: null,
        reply_to: null,
        target_id: null,
        at_ms: 1_700_000_000_000,
        system: null,
        expires_at_ms: null,
        mls: null,
      },
    });
    const view = { seq: 0, bodyAt: 0, bodyLength: 0 };
    viewMessage(frame, view);
    expect(view.seq).toBe(seq);
    const body = (bytes: Buffer): string => bytes.toString('latin1', view.bodyAt, view.bodyAt + view.bodyLength);
    expect(body(frame)).toBe('a body of a length that takes two bytes: '.repeat(4));
    const among = Buffer.concat([Buffer.from('other'), frame]);
    viewMessage(among, view, 5);
    expect(view.seq).toBe(seq);
    expect(body(among)).toBe('a body of a length that takes two bytes: '.repeat(4));
  });

  test('of an accepted', () => {
    const accepted = { conversation_id: conversationId, message_id: messageId, seq, ordinal: 3, at_ms: 5 };
    expect(acceptedSeq(encodeFrame('accepted', accepted))).toBe(seq);
  });

  test('of a receipt', () => {
    const receipt = { conversation_id: conversationId, user_id: userId, kind: 'delivered' as const, seq, at_ms: 5 };
    expect(receiptSeq(encodeFrame('receipt', receipt))).toBe(seq);
  });

  test('in a delivered of our own, as the codec writes it', () => {
    const frame = encodeFrame('delivered', { conversation_id: conversationId, seq });
    expect(new DeliveredFrames(conversationId).upTo(seq).equals(frame)).toBe(true);
  });
});
