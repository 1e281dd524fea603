import { systemClock } from '@parley/schemas/environment/system';
import { Registry } from 'prom-client';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { projectorsContract } from '../projectors.contract.ts';
import { inboxRow, messageRow } from '../rows.fixture.ts';
import { temporaryFolder } from './env.fixture.ts';
import { openProjectionEnv } from './env.ts';
import { projectionsIn } from './projections.ts';

function openFixture() {
  const folder = temporaryFolder();
  const metrics = new Registry();
  const env = openProjectionEnv({ path: folder.path });
  const projections = projectionsIn(env, { clock: systemClock, metrics });
  const close = async () => {
    await projections.close();
    folder.remove();
  };
  return { env, projections, metrics, close };
}

projectorsContract('lmdb', async () => openFixture());

describe('embedded projections', () => {
  const { env, projections, close } = openFixture();
  afterAll(close);

  it('rule 9: a batch that fails half way leaves nothing of itself, so no inbox row counts a row that is not there', async () => {
    const message = messageRow();
    const inbox = inboxRow({ conversationId: message.conversationId });
    const rows = { members: [], conversations: [], messages: [message], inbox: [inbox, inboxRow({ userId: 'none' })] };
    await expect(projections.conversationProjector.project(rows)).rejects.toMatchObject({ code: 'invalid_request' });
    const { bucket, subBucket } = message;
    const buckets = [{ bucket, subBucket, rows: 1 }];
    expect(await projections.messages.find(message.conversationId, message.messageId, buckets)).toBeNull();
    expect(await projections.inbox.get(inbox.userId, inbox.conversationId)).toBeNull();
  });

  it('rule 23: the sweep takes away the bytes of what is over, and nothing else', async () => {
    const expiresAtMs = Date.now() + 300;
    const fading = messageRow({ expiresAtMs });
    const staying = messageRow({ expiresAtMs: expiresAtMs + 60_000 });
    const inbox = inboxRow({ lastMessage: { preview: 'gone', atMs: 1, expiresAtMs } });
    const rows = { members: [], conversations: [], messages: [fading, staying], inbox: [inbox] };
    await projections.conversationProjector.project(rows);
    expect(await projections.sweepExpired(10)).toBe(0);
    await vi.waitFor(async () => expect(await projections.sweepExpired(10)).toBe(2), { timeout: 10_000 });
    const bytes = [...env.database('messages').getRange({})].map(({ value }) => value);
    expect(bytes.some((value) => value.includes(fading.encryptedBody))).toBe(false);
    expect(bytes.some((value) => value.includes(staying.encryptedBody))).toBe(true);
    for (const { value } of env.database('inbox').getRange({})) expect(value.includes('gone')).toBe(false);
    expect(await projections.inbox.get(inbox.userId, inbox.conversationId)).toMatchObject({ lastMessageAtMs: 1 });
  });

  it('rule 11: a checkpoint that is asked for after a projection is committed with it or after it', async () => {
    const message = messageRow();
    const projected = projections.conversationProjector.project({
      members: [],
      conversations: [],
      messages: [message],
      inbox: [],
    });
    let isProjected = false;
    void projected.then(() => {
      isProjected = true;
    });
    await projections.checkpoints.save('group', 'chat.messages', 0, 9);
    expect(isProjected).toBe(true);
    expect(projections.checkpoints.load('group', 'chat.messages', 0)).toBe(9);
  });
});
