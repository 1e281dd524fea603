/**
 * What is tried at the end, one thing after the other, in a world in which nothing else fails.
 *
 * A fault in the middle of a run is mostly healed by what comes after it, before anybody looks. A trial makes one situation, and
 * nothing is written after it: only the code itself can put things right, and it has a time for it. Each is for runs in which its
 * fault is on.
 */
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { topics } from '@parley/streams/log/topics';
import type { DeviceConnection } from './network/device-connection.ts';
import type { FaultName } from './plan.ts';
import { type Device, writtenAtLast } from './processes/device.ts';
import { markers } from './utterances.ts';
import type { Intruder } from './workload/intruder.ts';
import type { World } from './world.ts';

const stepMs = 1_000;
/** A message is on every device that is there, and its being missing on another is no gateway's to notice yet. */
const takenMs = 4_000;
/** More than a delivery waits for a gateway. */
const gaveUpMs = 3_000;
/** Bytes a second, and a conversation that is one page by its count and takes longer at that rate than a page may. */
const slowRate = 1_000;
const longMessages = 40;
const longBytes = 400;
/** In it all of them have their places. */
const writtenMs = 15_000;

export interface TrialFacts {
  readonly world: World;
  readonly intruder: Intruder;
}

interface Trial {
  readonly name: string;
  readonly fault: FaultName;
  /** False where there is nobody whom it could befall. */
  readonly undergo: (facts: TrialFacts) => Promise<boolean>;
}

export const trials: readonly Trial[] = [
  { name: 'a long absence and a slow line', fault: 'slow_devices', undergo: ({ world }) => comeBackOnSlowLine(world) },
  { name: 'a frozen gateway', fault: 'freeze_gateway', undergo: ({ world }) => freezeGateway(world) },
  { name: 'a lost receipt', fault: 'cut_devices', undergo: ({ world }) => loseReceipt(world, false) },
  { name: 'a receipt said into the void', fault: 'cut_devices', undergo: ({ world }) => loseReceipt(world, true) },
  { name: 'a disk that was full', fault: 'disk_full', undergo: ({ world }) => fillDisk(world) },
  { name: 'poison without a place for its letter', fault: 'leaderless_topic', undergo: poisonWithoutLetter },
];

interface Pair {
  readonly writer: Device;
  readonly reader: Device;
}

const present = (world: World): Device[] => world.people.filter((device) => device.isConnected && !device.isOut);

function connectionOf(world: World, device: Device): DeviceConnection | undefined {
  return [...world.devices.connections].findLast((one) => one.device === device.life && !one.isOver);
}

/** Two who are connected, of different users. */
function somePair(world: World, isFit: (pair: Pair) => boolean = () => true): Pair | null {
  const here = present(world);
  for (const reader of here) {
    const writer = here.find((one) => one.userId !== reader.userId && isFit({ writer: one, reader }));
    if (writer !== undefined) return { writer, reader };
  }
  return null;
}

function write({ writer, reader }: Pair, text: string): void {
  const content = `${markers.body}${writer.name} to ${reader.name}, ${text}`;
  const conversationId = directConversationId(writer.userId, reader.userId);
  void writer.send(conversationId, content, { peerId: reader.userId }, true);
}

/** Whoever was away for long, and has a slow line, gets everything all the same, in pages that the line can bring. */
async function comeBackOnSlowLine(world: World): Promise<boolean> {
  const pair = somePair(world);
  if (pair === null) return false;
  const { reader } = pair;
  await reader.goOffline();
  for (let count = 1; count <= longMessages; count++) write(pair, `long ago ${count} ${'.'.repeat(longBytes)}`);
  await world.time.advance(writtenMs);
  reader.rate = slowRate;
  await reader.goOnline();
  return true;
}

/** What was given up while a gateway did not answer reaches the devices on it once it does: messages, and who came online. */
async function freezeGateway(world: World): Promise<boolean> {
  const gatewayOf = (device: Device) => connectionOf(world, device)?.gateway.life;
  const isApart = ({ writer, reader }: Pair): boolean => gatewayOf(writer) !== gatewayOf(reader);
  const isAlone = ({ userId }: Device): boolean => present(world).filter((one) => one.userId === userId).length === 1;
  const pair = somePair(world, (one) => isApart(one) && isAlone(one.writer)) ?? somePair(world, isApart);
  const life = pair === null ? undefined : gatewayOf(pair.reader);
  if (pair === null || life === undefined) return false;
  const { writer, reader } = pair;
  reader.watched = [...new Set([...reader.watched, writer.userId])];
  reader.client?.watch(reader.watched);
  await world.time.advance(stepMs);
  life.freeze();
  // What is said first waits in the gateway's queue, and is handled when it wakes up; what comes after is given up.
  await writer.goOffline();
  await world.time.advance(gaveUpMs);
  await writer.goOnline();
  write(pair, 'who is on a gateway that is frozen');
  await world.time.advance(gaveUpMs);
  write(pair, 'whom nobody can reach');
  await world.time.advance(gaveUpMs);
  life.thaw();
  world.presenceDue.push({ device: reader, userId: writer.userId, sinceMs: world.time.nowMs() });
  return true;
}

/** What a device said just before its connection was lost, it says again; it may learn of the loss much later. */
async function loseReceipt(world: World, isSilent: boolean): Promise<boolean> {
  const pair = somePair(world);
  const connection = pair === null ? undefined : connectionOf(world, pair.reader);
  if (pair === null || connection === undefined) return false;
  connection.up.stall(2 * takenMs);
  write(pair, isSilent ? 'who answers into the void' : 'whose answer is lost');
  await world.time.advance(takenMs);
  connection.up.cut();
  connection.down.cut();
  if (isSilent) return true;
  connection.cutClient(0);
  connection.cutServer(0);
  return true;
}

/** A message that could be kept, and then not be noted as sent, is sent when there is room again. */
async function fillDisk(world: World): Promise<boolean> {
  const pair = somePair(world);
  if (pair === null) return false;
  const { writer } = pair;
  writer.room = 1;
  write(pair, 'while the disk is full');
  await world.time.advance(stepMs);
  writer.room = null;
  return true;
}

/** A record that nobody can process waits for its dead letter, and all after it wait for both. */
async function poisonWithoutLetter({ world, intruder }: TrialFacts): Promise<boolean> {
  const { leaderless } = world.broker;
  leaderless.add(topics.deadLetters);
  intruder.poisonTopic(topics.messages);
  await world.time.advance(takenMs);
  leaderless.delete(topics.deadLetters);
  return true;
}

/** Everybody writes to everybody, and to each of their groups: all of it must be accepted now that is allowed. */
export async function writeOnceMore(world: World): Promise<void> {
  for (const device of world.people) {
    if (!device.isConnected || device.isOut) continue;
    for (const peerId of world.users) {
      if (peerId === device.userId) continue;
      const conversationId = directConversationId(device.userId, peerId);
      void device.send(conversationId, `${markers.body}${device.name}${writtenAtLast}${peerId}`, { peerId }, true);
    }
    for (const group of world.relay.groups) {
      const { conversationId } = group;
      const content = `${markers.body}${device.name}${writtenAtLast}${conversationId}`;
      if (group.members.has(device.userId))
        void device.send(conversationId, content, { conversationId }, group.maySpeak(device.userId));
    }
    await world.time.advance(stepMs);
  }
}

/** What is written while nobody is known to be online reaches everybody all the same, without anything else being written. */
export async function loseSessions(world: World): Promise<void> {
  world.loseSessions();
  world.trace.add('world', 'loses all sessions');
  const writer = world.people.find((device) => device.isConnected && !device.isOut);
  for (const peerId of world.users) {
    if (writer === undefined || peerId === writer.userId) continue;
    const conversationId = directConversationId(writer.userId, peerId);
    void writer.send(conversationId, `${markers.body}${writer.name} to ${peerId} unseen`, { peerId }, true);
  }
  await world.time.advance(stepMs);
}

/** One of a user's devices dies with its gateway: what the other one took, and nobody follows up, is pushed to it all the same. */
export async function loseOneOfTwo(world: World): Promise<void> {
  const here = world.people.filter((device) => device.isConnected && !device.isOut);
  const lost = here.find((device) => here.some((other) => other !== device && other.userId === device.userId));
  const writer = here.find(({ userId }) => lost !== undefined && userId !== lost.userId);
  const life = lost?.life;
  if (lost === undefined || writer === undefined || life === null || life === undefined) return;
  const connection = connectionOf(world, lost);
  world.devices.dyingInSilence.add(life);
  lost.fallAsleep();
  world.trace.add('world', `loses ${lost.name}`);
  const content = `${markers.body}${writer.name} to ${lost.name}, who is lost`;
  void writer.send(directConversationId(writer.userId, lost.userId), content, { peerId: lost.userId });
  await world.time.advance(takenMs);
  const gateway = world.gateways.find((one) => one.life === connection?.gateway.life);
  gateway?.crash();
  await world.time.advance(stepMs);
  gateway?.start();
}
