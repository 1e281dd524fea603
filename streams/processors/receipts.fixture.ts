/** What tests of the receipts processor stand on: a processor over stores and gateways in memory, and events with defaults. */
import { decodeFrame } from '@parley/schemas/codec/frame-codec';
import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { PersonalMarkSet, ReceiptAdvanced } from '@parley/schemas/generated/events';
import type { InboxEntry } from '@parley/schemas/generated/wire';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { Router } from '../delivery/router.ts';
import { topics } from '../log/topics.ts';
import type { PersonalMark, ReceiptRow } from './ports.ts';
import { batchOf, codec, MemoryGateways, MemoryPoison, record } from './processor.fixture.ts';
import { ReceiptsProcessor } from './receipts.ts';

export const uuid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
export const [ann, bob, eve] = [uuid(1), uuid(2), uuid(3)];
export const chat = directConversationId(ann, bob);
export const group = uuid(900);

export const setUp = () => {
  const time = new VirtualTime(1_700_000_000_000);
  const gateways = new MemoryGateways();
  const poison = new MemoryPoison();
  const members = new Map<string, string[]>([[chat, [ann, bob]]]);
  const rows: ReceiptRow[] = [];
  const marks: PersonalMark[] = [];
  const joins = new Map<string, number>();
  const steps: string[] = [];
  const reads = { members: 0, watermarks: 0, entries: 0 };
  const failing = { projector: false, sessions: false };
  const processor = new ReceiptsProcessor({
    codec,
    poison,
    projector: {
      project: (projected, set) => {
        if (failing.projector) return Promise.reject(new Error('the store is down'));
        steps.push('project');
        rows.push(...projected);
        marks.push(...set);
        return Promise.resolve();
      },
    },
    watermarks: {
      watermarks: (conversationId, userId) => {
        reads.watermarks++;
        return Promise.resolve(rows.filter((row) => row.conversationId === conversationId && row.userId === userId));
      },
    },
    members: {
      currentMembers: () => Promise.reject(new Error('joins are asked for')),
      currentJoins: (conversationId) => {
        reads.members++;
        return Promise.resolve(new Map((members.get(conversationId) ?? []).map((id) => [id, joins.get(id) ?? 1])));
      },
    },
    inbox: {
      entryOf: (userId, conversationId) => {
        reads.entries++;
        return Promise.resolve(entryOf(userId, conversationId));
      },
    },
    router: new Router(
      {
        lookup: (userIds) => {
          if (failing.sessions) return Promise.reject(new Error('sessions are down'));
          steps.push('route');
          return gateways.lookup(userIds);
        },
      },
      gateways,
    ),
    clock: time,
    timers: time,
    metrics: new Registry(),
    logger: pino({ level: 'silent' }),
  });
  let offset = 0;
  const bobs = () => ({ conversation_id: chat, user_id: bob, device_id: deviceOf(bob), at_ms: time.nowMs() });
  const handle = (events: readonly Partial<ReceiptAdvanced>[], isCurrent = () => true) => {
    const records = events.map((event) => {
      const whole: ReceiptAdvanced = { ...bobs(), kind: 'delivered', seq: 1, ordinal: 1, ...event };
      return record(topics.receipts, codec.encode('receipt_advanced', whole), offset++);
    });
    return processor.handle(batchOf(records, isCurrent));
  };
  const mark = (events: readonly Partial<PersonalMarkSet>[]) => {
    const records = events.map((event) => {
      const whole: PersonalMarkSet = { ...bobs(), kind: 'pinned', value: 1, ordinal: 0, version: 1, ...event };
      return record(topics.receipts, codec.encode('personal_mark_set', whole), offset++);
    });
    return processor.handle(batchOf(records));
  };
  return {
    ...{ time, gateways, poison, members, joins, rows, marks },
    ...{ steps, reads, failing, processor, handle, mark },
  };
};

export const deviceOf = (userId: string, nth = 0): string =>
  uuid(1_000 + 10 * Number.parseInt(userId.slice(-4), 16) + nth);

export const online = (gateways: MemoryGateways, userId: string, nth = 0) =>
  gateways.sessions.push({ userId, deviceId: deviceOf(userId, nth), gatewayId: 'g', connectionId: 1 });

/** Frames by device, in order. */
export const framesFor = (gateways: MemoryGateways, deviceId: string) =>
  gateways.delivered.flatMap(({ items }) =>
    items
      .filter(({ targets }) => targets.some((one) => one.deviceId === deviceId))
      .map(({ frame }) => decodeFrame(frame)),
  );

/** As projected, of whoever is asked for. */
export function entryOf(userId: string, conversation_id: string): InboxEntry | null {
  if (userId === eve) return null;
  return {
    ...{ conversation_id, conversation_type: 'one_on_one', other_user_id: ann, group_id: null },
    ...{ last_message_preview: null, last_message_at_ms: 5, last_seq: 9, read_seq: 9, unread_count: 0, left_seq: null },
    ...{ last_ordinal: 9, seen_ordinal: 9, marks: [{ kind: 'pinned', value: 1, version: 7 }] },
  };
}
