/** The end of a run: nothing fails any more, everybody who is not asleep is online, and all must come to rest. */
import { processorGroups } from '@parley/processor/processor';
import { pusherGroup } from '@parley/pusher/pusher';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { topics } from '@parley/streams/log/topics';
import type { Oracle } from './oracle.ts';
import type { FaultName } from './plan.ts';
import { type Device, writtenAtLast } from './processes/device.ts';
import { markers } from './utterances.ts';
import type { World } from './world.ts';

const mostMs = 240_000;
const stepMs = 1_000;
/** Leases run out, sweeps come round, the last receipts and pushes are written. */
const afterwardsMs = 100_000;
/** Within it each connection has renewed its session. */
const renewedMs = 25_000;
/** A message is on every device that is there, and its being missing on another is no gateway's to notice yet. */
const takenMs = 4_000;

const readers: ReadonlyArray<readonly [topic: string, group: string]> = [
  [topics.messages, processorGroups.conversation],
  [topics.receipts, processorGroups.receipts],
  [topics.presence, processorGroups.presence],
  [topics.pushJobs, pusherGroup],
];

/** What is not at rest after the time for it; empty if all is. */
export async function comeToRest(world: World, oracle: Oracle, faults: ReadonlySet<FaultName>): Promise<string[]> {
  world.isActive = false;
  wakeAll(world.people);
  const deadlineMs = world.time.nowMs() + mostMs;
  const rest = async (): Promise<void> => {
    while (world.time.nowMs() < deadlineMs && unrest(world, oracle).length > 0) await world.time.advance(stepMs);
  };
  await rest();
  // Sessions that were lost a moment ago are entered again with the next renewal: that takes its time, and is looked at further down.
  if (faults.has('redis_flushed')) await world.time.advance(renewedMs);
  await rest();
  world.calmSinceMs = world.time.nowMs();
  await writeOnceMore(world);
  await rest();
  if (faults.has('redis_flushed')) {
    await loseSessions(world);
    await rest();
  }
  if (faults.has('lose_device_and_gateway')) {
    await loseOneOfTwo(world);
    await rest();
  }
  world.trace.add('calm', `after ${world.time.nowMs() - deadlineMs + mostMs} ms`);
  await world.time.advance(afterwardsMs);
  // What the log keeps of receipts in the end is the newest record of each key, and nothing else tells what was read.
  if (faults.has('compaction')) for (const one of world.broker.topic(topics.receipts).partitions) one.compact(0);
  return unrest(world, oracle);
}

/** Everybody writes to everybody, and to each of their groups: all of it must be accepted now. */
async function writeOnceMore(world: World): Promise<void> {
  for (const device of world.people) {
    if (!device.isConnected || device.isOut) continue;
    for (const peerId of world.users) {
      if (peerId === device.userId) continue;
      const conversationId = directConversationId(device.userId, peerId);
      void device.send(conversationId, `${markers.body}${device.name}${writtenAtLast}${peerId}`, { peerId }, true);
    }
    for (const { conversationId, members } of world.relay.groups) {
      if (!members.has(device.userId)) continue;
      void device.send(
        conversationId,
        `${markers.body}${device.name}${writtenAtLast}${conversationId}`,
        { conversationId },
        true,
      );
    }
    await world.time.advance(stepMs);
  }
}

/** What is written while nobody is known to be online reaches everybody all the same, without anything else being written. */
async function loseSessions(world: World): Promise<void> {
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
async function loseOneOfTwo(world: World): Promise<void> {
  const here = world.people.filter((device) => device.isConnected && !device.isOut);
  const lost = here.find((device) => here.some((other) => other !== device && other.userId === device.userId));
  const writer = here.find(({ userId }) => lost !== undefined && userId !== lost.userId);
  const life = lost?.life;
  if (lost === undefined || writer === undefined || life === null || life === undefined) return;
  const connection = [...world.devices.connections].findLast((one) => one.device === life && !one.isOver);
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

function wakeAll(people: readonly Device[]): void {
  for (const device of people) {
    device.lookAway(0);
    if (device.isOut) continue;
    device.life?.spare();
    if (!device.isRunning) device.start();
    else void device.goOnline();
  }
}

function unrest(world: World, oracle: Oracle): string[] {
  const found: string[] = [];
  if (!world.relay.isIdle) found.push('the relay has something to send');
  for (const [topic, group] of readers) {
    if (!world.coordinatorOf(group).isCaughtUp(topic)) found.push(`${group} is behind in ${topic}`);
  }
  for (const one of world.devices.connections) {
    if (!one.isOver && (one.up.isStalled || one.down.isStalled)) found.push('the network of a device stalls');
  }
  for (const device of world.people) {
    if (device.isRevoked && device.isConnected) found.push(`${device.name} is connected, though it was revoked`);
    if (device.isOut) continue;
    if (!device.isConnected) found.push(`${device.name} is not connected`);
    else if ((device.client?.pendingCount ?? 0) > 0) found.push(`${device.name} waits for a verdict`);
    else if (lacksSomething(device, oracle)) found.push(`${device.name} lacks messages`);
  }
  return found;
}

function lacksSomething(device: Device, oracle: Oracle): boolean {
  for (const [conversationId, conversation] of oracle.conversations) {
    const last = conversation.accepted.findLast(({ seq }) => conversation.sees(device.userId, seq));
    if (last !== undefined && device.takenUpTo(conversationId) < last.seq) return true;
  }
  return false;
}
