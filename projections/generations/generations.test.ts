import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectorsContract } from '../projectors.contract.ts';
import { conversationRow, inboxRow, memberRow, messageRow, receiptRow } from '../rows.fixture.ts';
import { type GenerationsFixture, openGenerationsFixture } from './generations.fixture.ts';
import { leaseMs, pollMs, settleMs } from './lease.ts';
import { completed, reading, writingAlso, writingNoMore } from './pointer.ts';

projectorsContract('followed by a pointer, one generation', openGenerationsFixture);
projectorsContract('followed by a pointer, two generations', async () => {
  const fixture = await openGenerationsFixture();
  await fixture.store.write(writingAlso(fixture.store.pointer, 'g2'));
  await fixture.time.advance(pollMs);
  return fixture;
});

describe('generations', () => {
  let fixture: GenerationsFixture;
  beforeEach(async () => {
    fixture = await openGenerationsFixture();
  });
  afterEach(() => fixture.close());

  const move = async (change: (pointer: typeof fixture.store.pointer) => typeof fixture.store.pointer) => {
    await fixture.store.write(change(fixture.store.pointer));
    await fixture.time.advance(pollMs);
  };
  const bothWritten = async (): Promise<void> => {
    await move((now) => writingAlso(now, 'g2'));
    await move((now) => completed(now, 'g2'));
  };

  const rows = () => {
    const message = messageRow();
    const { conversationId } = message;
    return {
      message,
      conversationId,
      all: {
        members: [memberRow({ conversationId, userId: message.senderId })],
        conversations: [conversationRow({ conversationId })],
        messages: [message],
        inbox: [inboxRow({ conversationId, userId: message.senderId })],
      },
    };
  };

  it('writes to every generation that is written, and reads the one that is read', async () => {
    await bothWritten();
    const { all, conversationId, message } = rows();
    await fixture.projections.conversationProjector.project(all);
    await fixture.projections.receiptProjector.project(
      [receiptRow({ conversationId, userId: message.senderId, kind: 'read' })],
      [],
    );
    for (const generation of ['g1', 'g2']) {
      const { inbox, receipts, members } = fixture.of(generation);
      expect(await inbox.get(message.senderId, conversationId)).toMatchObject({ lastSeq: 1, readSeq: 1 });
      expect(await receipts.watermarks(conversationId, message.senderId)).toHaveLength(1);
      expect(await members.intervalsOf(conversationId, message.senderId)).toHaveLength(1);
    }
    const onlyInSecond = inboxRow();
    await fixture.of('g2').inbox.write([onlyInSecond]);
    const { userId } = onlyInSecond;
    expect(await fixture.projections.inbox.get(userId, onlyInSecond.conversationId)).toBeNull();
    await move((now) => reading(now, 'g2'));
    expect(await fixture.projections.inbox.get(userId, onlyInSecond.conversationId)).toMatchObject({ lastSeq: 1 });
    await move((now) => reading(now, 'g1'));
    expect(await fixture.projections.inbox.get(userId, onlyInSecond.conversationId)).toBeNull();
  });

  it('has written when both have, and not when one of them fails', async () => {
    await bothWritten();
    const broken = fixture.of('g2');
    await broken.close();
    await expect(fixture.projections.conversationProjector.project(rows().all)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('stops when the pointer could not be read for the length of a lease, and goes on when it was', async () => {
    const { userId, conversationId } = inboxRow();
    fixture.store.fails = true;
    await fixture.time.advance(leaseMs - pollMs - 1);
    expect(await fixture.projections.inbox.get(userId, conversationId)).toBeNull();
    await fixture.time.advance(pollMs + 1);
    const refused = { code: 'unavailable' };
    await expect(fixture.projections.inbox.get(userId, conversationId)).rejects.toMatchObject(refused);
    await expect(fixture.projections.conversationProjector.project(rows().all)).rejects.toMatchObject(refused);
    await expect(fixture.projections.foldState.save([])).rejects.toMatchObject(refused);
    fixture.store.fails = false;
    await fixture.time.advance(pollMs);
    expect(await fixture.projections.inbox.get(userId, conversationId)).toBeNull();
  });

  it('has no longer lease when its clock is set back', async () => {
    const { userId, conversationId } = inboxRow();
    fixture.store.fails = true;
    fixture.clock.aheadMs = -3_600_000;
    const refused = { code: 'unavailable' };
    await expect(fixture.projections.inbox.get(userId, conversationId)).rejects.toMatchObject(refused);
    fixture.store.fails = false;
    await fixture.time.advance(pollMs);
    expect(await fixture.projections.inbox.get(userId, conversationId)).toBeNull();
    fixture.clock.aheadMs = 0;
  });

  it('goes by the new pointer, or by none, once it has settled', async () => {
    await move((now) => writingAlso(now, 'g2'));
    await fixture.time.advance(settleMs - pollMs);
    const { all, conversationId, message } = rows();
    await fixture.projections.conversationProjector.project(all);
    expect(await fixture.of('g2').inbox.get(message.senderId, conversationId)).not.toBeNull();
    await move((now) => writingNoMore(now, 'g2'));
    const later = rows();
    await fixture.projections.conversationProjector.project(later.all);
    expect(await fixture.of('g2').inbox.get(later.message.senderId, later.conversationId)).toBeNull();
  });

  it('rule 10: of two saved states it takes the one that includes more, and gives it to the generation that lacks it', async () => {
    await bothWritten();
    const [ahead, behind, none] = [randomUUID(), randomUUID(), randomUUID()];
    const state = (conversationId: string, offset: number) => ({
      ...{ conversationId, offset, writeTimestampUs: offset, snapshot: Buffer.from(`at ${offset}`) },
    });
    await fixture.of('g1').foldState.save([state(ahead, 5), state(behind, 3)]);
    await fixture.of('g2').foldState.save([state(ahead, 4), state(behind, 8)]);
    const loaded = await fixture.projections.foldState.load([ahead, behind, none]);
    expect(loaded.map((one) => one?.offset ?? null)).toEqual([5, 8, null]);
    for (const generation of ['g1', 'g2']) {
      const held = await fixture.of(generation).foldState.load([ahead, behind]);
      expect(held.map((one) => one?.offset)).toEqual([5, 8]);
    }
  });

  it('takes over the checkpoints of all groups when a generation joins', async () => {
    await fixture.of('g1').checkpoints.save('pusher', 'push.jobs', 3, 42);
    await bothWritten();
    await fixture.time.advance(pollMs);
    expect(fixture.of('g2').checkpoints.load('pusher', 'push.jobs', 3)).toBe(42);
  });
});
