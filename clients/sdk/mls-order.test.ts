import type { MlsHeader, SystemKind, WireMessage } from '@parley/schemas/generated/wire';
import { describe, expect, it } from 'vitest';
import { MlsOrder } from './mls-order.ts';

const [me, other] = ['0ddba11e-0000-4000-8000-000000000001', '0ddba11e-0000-4000-8000-000000000002'];
const groupId = Buffer.from('group').toString('base64');

function message(seq: number, about: Partial<WireMessage>): WireMessage {
  return {
    conversation_id: '96009000-0000-4000-8000-000000000005',
    ...{ seq, ordinal: 0, message_id: `${seq}`, sender_id: other, sender_device_id: other },
    ...{ message_type: 'mls', encrypted_body: Buffer.alloc(0), preview: null, media_url: null, thumbnail_url: null },
    ...{ reply_to: null, target_id: null, at_ms: 0, system: null, expires_at_ms: null, mls: null },
    ...about,
  };
}

const header = (fields: Partial<MlsHeader>): MlsHeader => ({
  ...{ kind: 'commit', group_id: Buffer.from('group'), generation: 0, epoch: 0, after_seq: 0, recipient_id: null },
  ...fields,
});
const told = (seq: number, kind: SystemKind, text: string | null = null) =>
  message(seq, { message_type: 'system', system: { kind, actor_id: other, user_ids: [], text } });
const commit = (seq: number, epoch: number, generation = 0) => message(seq, { mls: header({ epoch, generation }) });

function after(...messages: readonly WireMessage[]): MlsOrder {
  const order = new MlsOrder(me);
  for (const one of messages) order.apply(one);
  return order;
}

describe('rule 22: where the MLS group stands', () => {
  it('follows the commits in order of seq, and takes each once', () => {
    const order = after(told(1, 'created'), commit(2, 0), commit(3, 1), commit(2, 0));
    expect(order.position).toEqual({ generation: 0, epoch: 2, groupId, seq: 3, changedSeq: 1, commitSeq: 3 });
    const next = { kind: 'commit', groupId, generation: 0, epoch: 2, afterSeq: 3, recipientId: null };
    expect(order.commit(groupId)).toEqual(next);
    expect(new MlsOrder(me, order.position).commit(groupId)).toEqual(next);
  });

  it('is pending from a joining or leaving to the next commit, and never where MLS is not used', () => {
    for (const kind of ['added', 'joined_by_link', 'removed', 'left'] as const) {
      expect(after(told(1, 'created'), told(2, kind)).isPending).toBe(false);
      const order = after(told(1, 'created'), commit(2, 0), told(3, kind));
      expect(order.isPending).toBe(true);
      order.apply(commit(4, 1));
      expect(order.isPending).toBe(false);
    }
    expect(after(told(1, 'created'), commit(2, 0), told(3, 'renamed', 'Tea')).isPending).toBe(false);
  });

  it('begins anew with a generation, which is pending until its first commit', () => {
    const order = after(told(1, 'created'), commit(2, 0), told(3, 'keys_renewed', '1'));
    expect(order.position).toMatchObject({ generation: 1, epoch: 0, groupId: null });
    expect(order.isPending).toBe(true);
    order.apply(commit(4, 0, 1));
    expect(order.position).toMatchObject({ generation: 1, epoch: 1 });
    expect(order.isPending).toBe(false);
  });

  it('is told to who comes later by a welcome of their own, or by the next commit', () => {
    const welcome = (recipient_id: string) => message(8, { mls: header({ kind: 'welcome', epoch: 5, recipient_id }) });
    expect(after(told(7, 'added'), welcome(me)).position).toMatchObject({ epoch: 5, groupId });
    expect(after(told(7, 'added'), welcome(other)).position).toMatchObject({ epoch: 0, groupId: null });
    expect(after(told(7, 'added'), commit(8, 5)).position).toMatchObject({ epoch: 6, groupId });
    expect(after(commit(6, 5), welcome(me)).position).toMatchObject({ epoch: 6 });
  });

  it('says what the other kinds need', () => {
    const order = after(told(1, 'created'), commit(2, 0));
    expect(order.welcome(groupId, other)).toMatchObject({ kind: 'welcome', epoch: 1, recipientId: other, afterSeq: 0 });
    expect(order.proposal(groupId)).toMatchObject({ kind: 'proposal', epoch: 1, recipientId: null, afterSeq: 0 });
    expect(order.unusable(groupId, 0)).toMatchObject({ kind: 'unusable', epoch: 0 });
    expect(order.commitAnew('bmV3')).toMatchObject({ kind: 'commit', generation: 1, epoch: 0, afterSeq: 2 });
  });
});
