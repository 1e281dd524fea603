import { systemRandom } from '@parley/schemas/environment/system';
import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { describe, expect, it } from 'vitest';
import { defaultOutboxSettings, Outbox } from './outbox.ts';
import { Sending } from './sending.ts';
import { MemoryOutboxStore, type OutgoingMessage } from './stores.ts';

const message: OutgoingMessage = {
  conversationId: '00000000-0000-4000-8000-000000000001',
  peerId: null,
  messageType: 'text',
  encryptedBody: Buffer.from('hello'),
  preview: null,
  mediaUrl: null,
  thumbnailUrl: null,
  replyTo: null,
  targetId: null,
  timerSeconds: 0,
  mls: null,
};

/** An application that runs on this disk. */
const run = async (time: VirtualTime, store: MemoryOutboxStore) => {
  const outbox = new Outbox(store, time, systemRandom, defaultOutboxSettings, () => undefined);
  await outbox.restore();
  const refused: [content: string, code: string][] = [];
  const sending = new Sending(
    outbox,
    {
      send: () => true,
      repair: () => Promise.resolve(),
      accepted: () => undefined,
      refused: (pending, code) => refused.push([Buffer.from(pending.message.encryptedBody).toString(), code]),
      renamed: () => undefined,
      failed: () => undefined,
    },
    time,
  );
  return { sending, refused };
};

describe('a message that is refused', () => {
  it('is told to the application that sent it, by its promise and by an event', async () => {
    const { sending, refused } = await run(new VirtualTime(1_900_000_000_000), new MemoryOutboxStore());
    const { messageId, verdict } = await sending.add(message);
    sending.refused({ conversation_id: message.conversationId, message_id: messageId, code: 'not_a_member' });
    expect(await verdict).toEqual({ kind: 'refused', messageId, code: 'not_a_member' });
    expect(refused).toEqual([['hello', 'not_a_member']]);
  });

  it('is told to the application that runs by then, if the one that sent it is gone', async () => {
    const time = new VirtualTime(1_900_000_000_000);
    const store = new MemoryOutboxStore();
    const { messageId } = await (await run(time, store)).sending.add(message);
    const { sending, refused } = await run(time, store);
    const error = {
      code: 'body_too_large',
      message: '',
      request_id: null,
      message_id: messageId,
      retry_after_ms: null,
    };
    sending.failed(error);
    sending.failed(error);
    expect(refused).toEqual([['hello', 'body_too_large']]);
  });
});
