/** The worked examples of docs/PROTOCOL.md: frames in both forms, and ids. */
import { encodeFrame, encodeJsonFrame, type Frame, frameCodes } from '../codec/frame-codec.ts';
import { directConversationId, directConversationNamespace } from '../identity/conversation-id.ts';
import { messageIdTimeMs } from '../identity/message-id.ts';
import { annotate } from './annotated-bytes.ts';
import { frameNode } from './frame-tables.ts';
import { table } from './marked-sections.ts';

const alice = '3b1f8c1e-5d2a-4c4b-9d0e-0a1b2c3d4e5f';
const bob = 'a6c0de42-7f10-4e8a-8c55-1f2e3d4c5b6a';
const conversation_id = directConversationId(alice, bob);
const message_id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

/** Small, and between them of every kind that frames are made of. */
export const exampleFrames: readonly Frame[] = [
  { name: 'ping', body: { client_time_ms: 1700000000123 } },
  {
    name: 'send',
    body: {
      conversation_id,
      peer_id: bob,
      message_id,
      message_type: 'image',
      encrypted_body: Buffer.from('00ff10', 'hex'),
      preview: 'Grüße 👋',
      media_url: null,
      thumbnail_url: null,
      reply_to: null,
      target_id: null,
      timer_seconds: 0,
      mls: null,
    },
  },
  { name: 'watch', body: { request_id: 7, user_ids: [bob] } },
  {
    name: 'error',
    body: {
      code: 'rate_limited',
      message: 'Slow down.',
      request_id: null,
      message_id,
      retry_after_ms: 1500,
    },
  },
  {
    name: 'page',
    body: {
      request_id: 8,
      conversation_id,
      covered_from: 1,
      covered_to: 0,
      covered_to_at_ms: 0,
      last_seq: 0,
      more: false,
      messages: [],
    },
  },
];

/** Bytes in hexadecimal, long ones shortened in the middle. */
function hex(bytes: Uint8Array): string {
  const all = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  return all.length <= 12 ? all.join(' ') : `${all.slice(0, 4).join(' ')} … ${all.slice(-2).join(' ')}`;
}

const block = (text: string): string => `\`\`\`\n${text}\n\`\`\``;

/** Lines of 32 bytes. */
const hexBlock = (bytes: Buffer): string => block(bytes.toString('hex').replace(/(.{64})(?=.)/g, '$1\n'));

export function byteExamples(): string {
  return exampleFrames
    .map(({ name, body }) => {
      const pieces = annotate(frameNode(name), body as unknown as Record<string, unknown>);
      const rows = pieces.map((piece) => [hex(piece.bytes), `\`${piece.field}\``, piece.meaning]);
      const code = frameCodes[name];
      return [
        `#### Example: \`${name}\``,
        `As JSON:\n\n${block(encodeJsonFrame(name, body as never))}`,
        `As Avro, all bytes in hexadecimal:\n\n${hexBlock(encodeFrame(name, body as never))}`,
        table(['bytes', 'field', 'meaning'], [[hex(Uint8Array.of(code)), '', `frame code ${code}: ${name}`], ...rows]),
      ].join('\n\n');
    })
    .join('\n\n');
}

export function identityExamples(): string {
  const rows = [
    ['one user', `\`${alice}\``],
    ['the other user', `\`${bob}\``],
    ['namespace', `\`${directConversationNamespace}\``],
    ['name that is hashed', `\`${[alice, bob].sort().join(':')}\``],
    ['conversation id', `\`${conversation_id}\``],
    ['a ULID', `\`${message_id}\``],
    ['its first ten characters', `\`${message_id.slice(0, 10)}\``],
    ['the time in it', `${messageIdTimeMs(message_id)} ms`],
  ];
  return table(['what', 'value'], rows);
}
