/** Every id and body from a list of odd strings: a body comes back byte for byte, an id that is none gets a coded error. */

import assert from 'node:assert/strict';
import { systemRandom } from '@parley/schemas/environment/system';
import type { SendFrame } from '@parley/schemas/generated/wire';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { until } from '../services/until.ts';
import { plainSend } from '../world/plain-send.ts';
import { RawClient } from '../world/raw-client.ts';
import type { Scenario } from './scenario.ts';

const oddTexts = [
  '',
  '\0',
  'a\0b',
  ' ',
  '\u202Eright to left\u202C',
  'שלום עולם',
  '👩‍👩‍👧‍👦 family with joiners',
  '🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}',
  'e\u0301\u0327 combining',
  '\uFEFFbyte order mark',
  '\u{10FFFF}',
  '"; DROP TABLE messages; --',
  '../../etc/passwd',
  '%00%ff',
  'null',
];

const oddIds = [
  '',
  '0',
  'null',
  'A'.repeat(26),
  'Z'.repeat(26),
  '01HZZZZZZZZZZZZZZZZZZZZZZ',
  '01hzzzzzzzzzzzzzzzzzzzzzzz',
  ...oddTexts,
];

export const oddStrings: Scenario = {
  name: 'odd strings',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob 👩‍👩‍👧‍👦 \u202E');
    const conversation = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first).online();
    const b = await world.client(bob.first).online();
    const bodies = [
      ...oddTexts.map((text) => Buffer.from(text)),
      Buffer.from([0xff, 0xfe, 0xc0, 0x80]),
      Buffer.alloc(64 * 1024, 7),
    ];
    for (const [index, body] of bodies.entries()) {
      const preview = oddTexts[index] ?? null;
      const verdict = await a.sendAndWait({ peerId: bob.userId, encryptedBody: body, preview });
      assert.equal(verdict.kind, 'accepted', `body ${index}`);
    }
    const got = await b.holds(conversation, bodies.length);
    for (const [index, body] of bodies.entries()) {
      assert.ok(got[index]!.encrypted_body.equals(body), `body ${index} came back changed`);
      assert.equal(got[index]!.preview, oddTexts[index] ?? null);
    }
    await a.offline();
    await b.offline();
    // A device that comes later reads the same from the store.
    const late = await world.client(await world.device(bob, 'late')).online();
    assert.deepEqual(
      late.messages(conversation).map((message) => message.encrypted_body.toString('hex')),
      bodies.map((body) => body.toString('hex')),
    );
    await late.offline();
    await oddFrames(world.gatewayUrls[0]!, alice.first.tokens().accessToken, bob.userId, conversation);
  },
};

/** Ids that are none: each frame gets a coded error, and the connection stays up. */
async function oddFrames(url: string, token: string, peerId: string, conversation: string): Promise<void> {
  const raw = await RawClient.connect(url, token);
  const frame = (changes: Partial<SendFrame>): SendFrame => ({
    ...plainSend({
      conversation_id: conversation,
      peer_id: peerId,
      message_id: makeMessageId(Date.now(), systemRandom),
      encrypted_body: Buffer.from('x'),
    }),
    ...changes,
  });
  const answers = (): number => raw.of('error').length + raw.of('refused').length;
  const fields = ['conversation_id', 'peer_id', 'message_id', 'target_id'] as const;
  let expected = 0;
  for (const field of fields) {
    for (const odd of oddIds) {
      raw.send('send', frame({ [field]: odd, ...(field === 'target_id' ? { message_type: 'edit' as const } : {}) }));
      expected++;
      await until(() => answers() >= expected, {
        what: `an answer to ${field} ${JSON.stringify(odd)}`,
        timeoutMs: 15_000,
        everyMs: 2,
      });
    }
    assert.equal(raw.closed, null);
  }
  raw.send('send', frame({}));
  await raw.frame('accepted');
  raw.close();
}
