import { systemClock } from '@parley/schemas/environment/system';
import { Registry } from 'prom-client';
import { afterAll, describe, expect, it } from 'vitest';
import { projectorsContract } from '../projectors.contract.ts';
import { inboxRow, messageRow } from '../rows.fixture.ts';
import { temporaryFolder } from './env.fixture.ts';
import { openEmbeddedProjections } from './projections.ts';

function openFixture() {
  const folder = temporaryFolder();
  const metrics = new Registry();
  const projections = openEmbeddedProjections(folder.path, { clock: systemClock, metrics });
  const close = async () => {
    await projections.close();
    folder.remove();
  };
  return { projections, metrics, close };
}

projectorsContract('lmdb', async () => openFixture());

describe('embedded projections', () => {
  const { projections, close } = openFixture();
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
