/** Makes the history that the checks look at out of a world whose run has ended. */
import { receiptStatements } from '@parley/projections/receipts/store.cql';
import { isCountable } from '@parley/streams/conversation/rules';
import { topics } from '@parley/streams/log/topics';
import type {
  History,
  RecordedDevice,
  RecordedPoison,
  RecordedPresence,
  RecordedSend,
  RecordedStatus,
  RecordedWatermark,
} from '../checks/history.ts';
import type { Oracle } from './oracle.ts';
import type { Device } from './processes/device.ts';
import { readEverything } from './readings.ts';
import { rebuild } from './rebuild.ts';
import type { Sights } from './sights.ts';
import type { World } from './world.ts';

export interface RunFacts {
  readonly world: World;
  readonly oracle: Oracle;
  readonly sights: Sights;
  readonly poison: ReadonlySet<Buffer>;
  readonly wasCompacted: boolean;
  readonly wasFlushed: boolean;
  readonly isFaultless: boolean;
  readonly problems: readonly string[];
}

export async function recordHistory(facts: RunFacts): Promise<History> {
  const { world, oracle, sights, problems } = facts;
  const { readings, unread } = await readEverything(world, oracle);
  return {
    sends: sendsOf(world, oracle),
    devices: world.people.map((device) => deviceOf(device, oracle)),
    pushes: world.pushes.map(({ recipientDeviceId, conversationId, seq }) => ({
      deviceId: nameOf(world, recipientDeviceId),
      conversationId,
      seq,
    })),
    sights: sights.all(),
    claims: oracle.claims.map(({ device, ...claim }) => ({ ...claim, deviceId: device.name })),
    statuses: world.people.flatMap((device) => statusesOf(device, world, oracle)),
    watermarks: world.people.flatMap((device) => watermarksOf(world, device)),
    delays: facts.isFaultless ? world.people.flatMap(({ delays }) => delays) : [],
    readings,
    unread,
    rebuilds: await rebuild(world, facts.wasCompacted),
    poison: poisonOf(facts),
    presence: await presenceOf(facts),
    unpersisted: oracle.unpersisted,
    problems,
  };
}

const nameOf = (world: World, deviceId: string): string =>
  world.people.find((one) => one.deviceId === deviceId)?.name ?? deviceId;

/** What the applications sent, and what the log accepted that no application knows of (any more). */
function sendsOf(world: World, oracle: Oracle): RecordedSend[] {
  const sends: RecordedSend[] = [];
  const known = new Set<string>();
  const silent = (type: string | undefined): { isSilent?: true } =>
    type === 'edit' || type === 'delete' || type === 'reaction' ? { isSilent: true } : {};
  for (const device of world.people) {
    for (const { conversationId, content, isAppended, verdict, message, isFlawless } of device.sends) {
      // Who sleeps was not told, but what the log accepted is there for whoever asks.
      if (device.isAsleep && verdict === null) continue;
      known.add(content);
      const sender = { senderId: device.userId, senderDeviceId: device.name };
      sends.push({
        conversationId,
        ...sender,
        content,
        isAppended,
        verdict,
        isFlawless,
        ...silent(message.messageType),
      });
    }
  }
  for (const [conversationId, { accepted }] of oracle.conversations) {
    for (const { sent, seq } of accepted) {
      const content = sent.encrypted_body.toString('latin1');
      if (known.has(content)) continue;
      sends.push({
        conversationId,
        senderId: sent.sender_id,
        senderDeviceId: nameOf(world, sent.sender_device_id),
        content,
        isAppended: true,
        verdict: { kind: 'accepted', messageId: sent.message_id, seq },
        ...(isCountable(sent.message_type) ? {} : { isSilent: true }),
      });
    }
  }
  return sends;
}

function deviceOf(device: Device, oracle: Oracle): RecordedDevice {
  const { name, userId, isAsleep, wasOnline, taken } = device;
  const mine = [...oracle.conversations].flatMap(([id, { intervals }]) => {
    const own = intervals.get(userId);
    return own === undefined ? [] : [[id, own] as const];
  });
  return {
    userId,
    deviceId: name,
    conversationIds: mine.map(([id]) => id),
    isOnline: !isAsleep,
    wasOnline,
    received: taken,
    intervals: new Map(mine),
  };
}

function statusesOf(device: Device, world: World, oracle: Oracle): RecordedStatus[] {
  const byMessage = new Map<string, Device['statuses']>();
  for (const status of device.statuses) {
    const steps = byMessage.get(status.messageId);
    if (steps === undefined) byMessage.set(status.messageId, [status]);
    else steps.push(status);
  }
  return [...byMessage].map(([messageId, told]) => {
    const { conversationId, seq, life } = told.at(-1)!;
    // The application that runs follows what it sent itself.
    const isFollowed = device.isConnected && life === device.lives;
    return {
      deviceId: device.name,
      messageId,
      steps: told.map(({ status }) => status),
      isDelivered: isFollowed && isDelivered(world, oracle, device.userId, conversationId, seq),
    };
  });
}

/** True if everybody else who is in the conversation is known to have the message. */
function isDelivered({ engine }: World, oracle: Oracle, userId: string, conversationId: string, seq: number): boolean {
  const { intervals } = oracle.conversation(conversationId);
  const isIn = (id: string): boolean => intervals.get(id)?.at(-1)?.leftSeq === null;
  // Who was out in between is not told any more of what they wrote before.
  const hasStayed = (intervals.get(userId)?.at(-1)?.joinedSeq ?? Number.POSITIVE_INFINITY) <= seq;
  const others = [...intervals.keys()].filter((id) => id !== userId && isIn(id));
  const reached = (memberId: string): boolean => {
    const [row] = engine.read({ query: receiptStatements.watermarks, params: [conversationId, memberId] }, 1);
    const marks = [row?.['delivered'], row?.['read']] as (Record<string, number> | null | undefined)[];
    return marks.some((byDevice) => Object.values(byDevice ?? {}).some((mark) => mark >= seq));
  };
  return isIn(userId) && hasStayed && others.length > 0 && others.every(reached);
}

/** A device says `delivered` for what others sent; up to the last of those its watermark must stand. */
function watermarksOf({ engine }: World, device: Device): RecordedWatermark[] {
  if (device.isAsleep) return [];
  return [...device.taken].flatMap(([conversationId, list]) => {
    const has = list.findLast(({ message }) => message.sender_device_id !== device.deviceId)?.seq ?? 0;
    const [row] = engine.read({ query: receiptStatements.watermarks, params: [conversationId, device.userId] }, 1);
    const known = (kind: 'delivered' | 'read'): number =>
      (row?.[kind] as Record<string, number> | null | undefined)?.[device.deviceId] ?? 0;
    return { deviceId: device.name, conversationId, has, known: Math.max(known('delivered'), known('read')) };
  });
}

function poisonOf({ world, poison }: RunFacts): RecordedPoison[] {
  const buried = new Set<string>();
  for (const { value } of world.broker.topic(topics.deadLetters).partitions.flatMap(({ records }) => records)) {
    const { name, event } = world.codec.decode(value);
    if (name === 'dead_letter') buried.add(`${event.topic}/${event.partition}@${event.offset}`);
  }
  return [...world.broker.topics.values()].flatMap(({ partitions }) =>
    partitions.flatMap(({ topic, partition, records }) =>
      records.flatMap(({ offset, value }) => {
        if (value === null || !poison.has(value)) return [];
        const place = `${topic}/${partition}@${offset}`;
        return [{ place, isBuried: buried.has(place) }];
      }),
    ),
  );
}

/**
 * Declared: where an upgrade that its device had given up was registered after the one that lives, its greater connection id
 * shadows the living one until the device connects anew; such users are left out.
 */
function isShadowed(world: World, oracle: Oracle, userId: string): boolean {
  return world.people.some(
    (device) =>
      device.userId === userId &&
      device.isConnected &&
      device.connectionId < (oracle.newestConnection.get(device.deviceId) ?? 0),
  );
}

async function presenceOf({ world, oracle, wasFlushed }: RunFacts): Promise<RecordedPresence[]> {
  const users = world.users.filter((userId) => !isShadowed(world, oracle, userId));
  const stored = await world.presence.read(users);
  const actual = (userId: string): string =>
    world.people.some((device) => device.userId === userId && device.isConnected) ? 'online' : 'offline';
  const found = stored.map(({ userId, status }) => ({
    userId,
    toldTo: 'the store',
    shown: status as string,
    actual: actual(userId),
  }));
  // A store that lost its data has lost who watches: until a watch is said again, changes are told to nobody.
  if (wasFlushed) return found;
  for (const device of world.people) {
    if (!device.isConnected) continue;
    for (const userId of device.watched.filter((one) => users.includes(one))) {
      const last = device.presence.findLast((one) => one.userId === userId);
      if (last !== undefined) found.push({ userId, toldTo: device.name, shown: last.status, actual: actual(userId) });
    }
  }
  return found;
}
