/** Makes the history that the checks look at out of a world whose run has ended. */
import { openCqlProjections } from '@parley/projections/cql/projections';
import { receiptStatements } from '@parley/projections/receipts/store.cql';
import { textWithoutPreview } from '@parley/pusher/push-worker';
import type { MessageType } from '@parley/schemas/generated/wire';
import { isCountable } from '@parley/streams/conversation/rules';
import { Registry } from 'prom-client';
import type {
  History,
  RecordedDevice,
  RecordedGroup,
  RecordedPresence,
  RecordedPush,
  RecordedSend,
  RecordedSight,
  RecordedSize,
  RecordedStatus,
} from '../checks/history.ts';
import { deriveEmbedded } from './embedded.ts';
import type { Aside } from './environment/reality.ts';
import { lettersOf, poisonOf } from './letters.ts';
import { mlsDisagreements } from './mls-chains.ts';
import type { Oracle } from './oracle.ts';
import type { Plan } from './plan.ts';
import type { Device } from './processes/device.ts';
import { readEverything } from './readings.ts';
import { directSession, rebuild } from './rebuild.ts';
import { recordedMarks } from './recorded-marks.ts';
import type { Sights } from './sights.ts';
import { markers } from './utterances.ts';
import { watermarksOf } from './watermarks.ts';
import type { SimPush, World } from './world.ts';

export interface RunFacts {
  readonly world: World;
  readonly oracle: Oracle;
  readonly sights: Sights;
  readonly poison: ReadonlySet<Buffer>;
  readonly plan: Plan;
  readonly aside: Aside;
}

/** `problems` and what is left after all have gone are added by the caller. */
export async function recordHistory(facts: RunFacts): Promise<History> {
  const { world, oracle, sights, plan } = facts;
  const isFaultless = plan.faults.size === 0;
  const projections = openCqlProjections(directSession(world.engine), { clock: world.time, metrics: new Registry() });
  const { readings, unread } = await readEverything(projections, oracle, world.random.fork('readings'));
  const embedded = plan.isEmbedded ? await facts.aside(() => deriveEmbedded(world, oracle, projections)) : [];
  return {
    sends: sendsOf(world, oracle),
    devices: world.people.filter(({ isRevoked }) => !isRevoked).map((device) => deviceOf(device, oracle)),
    pushes: world.pushes.map((push) => pushOf(push, world, oracle)),
    sights: sights.all(),
    revoked: revokedOf(world, oracle, sights),
    misjudgements: [...misjudgements(oracle, sights), ...mlsDisagreements(world, oracle)],
    groups: groupsOf(world, oracle),
    secrets: Object.values(markers),
    utterances: await world.utterances.all(),
    sizes: sizesOf(world, oracle),
    claims: oracle.claims.map(({ device, ...claim }) => ({ ...claim, deviceId: device.name })),
    statuses: world.people.flatMap((device) => statusesOf(device, world, oracle)),
    watermarks: world.people.flatMap((device) => watermarksOf(world, device)),
    delays: world.people.flatMap(({ delays }) => delays.filter(({ isAtLast }) => isFaultless || isAtLast)),
    readings,
    unread,
    rebuilds: [...(await rebuild(world, plan.faults.has('compaction'))), ...embedded],
    poison: poisonOf(world, facts.poison),
    letters: await lettersOf(world, isFaultless),
    presence: await presenceOf(facts),
    unpersisted: oracle.unpersisted,
    marks: await recordedMarks(projections, world, oracle),
  };
}

const nameOf = (world: World, deviceId: string): string =>
  world.people.find((one) => one.deviceId === deviceId)?.name ?? deviceId;

/** Where a text is neither the preview of a message in the conversation nor the one for messages without. */
function pushOf({ recipientDeviceId, conversationId, seq, text }: SimPush, world: World, oracle: Oracle): RecordedPush {
  const { messages } = oracle.conversation(conversationId);
  const isChosen = text === textWithoutPreview || messages.slice(0, seq).some(({ preview }) => preview === text);
  const place = { deviceId: nameOf(world, recipientDeviceId), conversationId, seq };
  return isChosen ? place : { ...place, unchosenText: text };
}

/** What reached revoked devices of messages from when all was calm, and everybody knew. */
function revokedOf(world: World, oracle: Oracle, sights: Sights): RecordedSight[] {
  const revoked = new Set(world.people.filter(({ isRevoked }) => isRevoked).map(({ name }) => name));
  const pushed = world.pushes.map(({ recipientDeviceId, conversationId, seq }) => ({
    ...{ deviceId: nameOf(world, recipientDeviceId), conversationId, seq },
    by: 'push' as const,
  }));
  return [...sights.all(), ...pushed].filter(({ deviceId, conversationId, seq }) => {
    const atMs = oracle.conversation(conversationId).messages[seq - 1]?.atMs ?? 0;
    return revoked.has(deviceId) && atMs >= world.calmSinceMs;
  });
}

function* misjudgements(oracle: Oracle, { refusals }: Sights): Generator<string> {
  for (const { judge } of oracle.conversations.values()) yield* judge.misjudgements;
  for (const { device, conversationId, messageId, code } of refusals) {
    const { messages } = oracle.conversation(conversationId);
    const isOwn = messages.some((one) => one.messageId === messageId && one.senderDeviceId === device.deviceId);
    if (isOwn) yield `${device.name} is told ${code} of ${messageId}, which was accepted`;
  }
  yield* oracle.earlyTicks;
}

function groupsOf({ relay }: World, oracle: Oracle): RecordedGroup[] {
  return relay.groups.map(({ conversationId, members }) => ({
    conversationId,
    appointed: [...members.keys()],
    actual: [...oracle.conversation(conversationId).state.members.keys()],
  }));
}

function sizesOf({ devices, shape }: World, oracle: Oracle): RecordedSize[] {
  const ids = [...oracle.conversations].map(([conversationId, { state, judge }]) => ({
    what: `ids remembered of ${conversationId}`,
    size: state.recent.size,
    atMost: judge.idsInWindow,
  }));
  const window = { what: 'unacknowledged live messages of a connection', atMost: shape.liveWindow };
  return [...ids, { ...window, size: devices.mostUnacknowledged }];
}

/** What the applications sent, and what the log accepted that no application knows of (any more). */
function sendsOf(world: World, oracle: Oracle): RecordedSend[] {
  const sends: RecordedSend[] = [];
  const known = new Set<string>();
  const silent = (type: MessageType | undefined): { isSilent?: true } =>
    type === undefined || isCountable(type) ? {} : { isSilent: true };
  for (const device of world.people) {
    for (const { conversationId, content, isAppended, verdict, message, isFlawless } of device.sends) {
      // Who sleeps was not told, but what the log accepted is there for whoever asks.
      if (device.isOut && verdict === null) continue;
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
  for (const [conversationId, { messages }] of oracle.conversations) {
    for (const { seq, messageId, content, senderId, senderDeviceId, messageType } of messages) {
      if (known.has(content)) continue;
      sends.push({
        conversationId,
        senderId: senderId ?? 'the directory',
        senderDeviceId: nameOf(world, senderDeviceId ?? 'the directory'),
        content,
        isAppended: true,
        verdict: { kind: 'accepted', messageId, seq },
        ...(isCountable(messageType) ? {} : { isSilent: true }),
      });
    }
  }
  return sends;
}

function deviceOf(device: Device, oracle: Oracle): RecordedDevice {
  const { name, userId, isOut, wasOnline, taken } = device;
  const mine = [...oracle.conversations].flatMap(([id, { intervals }]) => {
    const own = intervals.get(userId);
    return own === undefined ? [] : [[id, own] as const];
  });
  return {
    userId,
    deviceId: name,
    conversationIds: mine.map(([id]) => id),
    isOnline: !isOut,
    wasOnline,
    received: taken,
    intervals: new Map(mine),
    cleared: new Map(mine.map(([id]) => [id, oracle.personal.valueOf(userId, id, 'cleared')])),
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

/**
 * Declared: where an upgrade that its device had given up was registered after the one that lives, its greater connection id
 * shadows the living one until the device connects anew; such users are left out.
 */
export function isShadowed(world: World, oracle: Oracle, userId: string): boolean {
  return world.people.some(
    (device) =>
      device.userId === userId &&
      device.isConnected &&
      device.connectionId < (oracle.newestConnection.get(device.deviceId) ?? 0),
  );
}

const privacyMs = 200_000;

async function presenceOf({ world, oracle, plan }: RunFacts): Promise<RecordedPresence[]> {
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
  if (plan.faults.has('redis_flushed')) return found;
  for (const device of world.people) {
    if (!device.isConnected) continue;
    for (const userId of device.watched.filter((one) => users.includes(one))) {
      const last = device.presence.findLast((one) => one.userId === userId);
      const isHidden = !world.privacy.isVisible(device.userId, userId);
      // Who may see it is judged by itself (ephemera.ts): it takes a while until a change of that is felt.
      if (last === undefined || isHidden || world.privacy.changedAtMs > world.time.nowMs() - privacyMs) continue;
      found.push({ userId, toldTo: device.name, shown: last.status, actual: actual(userId) });
    }
  }
  return found;
}
