/**
 * The end of a run: nothing fails any more, everybody who is not asleep is online, and all must come to rest.
 *
 * It must do so each time, within a time, and by itself: what only the next message, or the next connection, would put right is a
 * message that is missing until somebody happens to write. So rest is asked for before anything else is written, and again after
 * each of the trials.
 */
import { processorGroups } from '@parley/processor/processor';
import { pusherGroup } from '@parley/pusher/pusher';
import { topics } from '@parley/streams/log/topics';
import { typeOnceMore } from './ephemera.ts';
import type { Oracle } from './oracle.ts';
import type { FaultName } from './plan.ts';
import type { Device } from './processes/device.ts';
import { loseOneOfTwo, loseSessions, trials, writeOnceMore } from './trials.ts';
import { watermarksOf } from './watermarks.ts';
import type { Intruder } from './workload/intruder.ts';
import type { World } from './world.ts';

/** To come to rest, each time. */
const mostMs = 240_000;
const stepMs = 1_000;
/** Leases run out, sweeps come round, the last receipts and pushes are written. */
const afterwardsMs = 100_000;
/** Within it each connection has renewed its session. */
const renewedMs = 25_000;

const readers: ReadonlyArray<readonly [topic: string, group: string]> = [
  [topics.messages, processorGroups.conversation],
  [topics.receipts, processorGroups.receipts],
  [topics.presence, processorGroups.presence],
  [topics.pushJobs, pusherGroup],
];

export interface CalmFacts {
  readonly world: World;
  readonly oracle: Oracle;
  readonly faults: ReadonlySet<FaultName>;
  readonly intruder: Intruder;
}

/** What did not come to rest in the time for it, and after what; empty if all did. */
export async function comeToRest({ world, oracle, faults, intruder }: CalmFacts): Promise<string[]> {
  const found: string[] = [];
  const restAfter = async (what: string): Promise<void> => {
    const deadlineMs = world.time.nowMs() + mostMs;
    while (world.time.nowMs() < deadlineMs && unrest(world, oracle).length > 0) await world.time.advance(stepMs);
    world.trace.add('calm', `after ${what}`);
    found.push(...unrest(world, oracle).map((one) => `${one} (after ${what})`));
  };
  world.isActive = false;
  wakeAll(world.people);
  await restAfter('the faults');
  // Sessions that were lost a moment ago are entered again with the next renewal: that takes its time, and is looked at further down.
  if (faults.has('redis_flushed')) await world.time.advance(renewedMs);
  for (const { name, fault, undergo } of trials) {
    if (!faults.has(fault) || !(await undergo({ world, intruder }))) continue;
    await restAfter(name);
    world.quickenLines();
  }
  await restAfter('all that was tried');
  world.calmSinceMs = world.time.nowMs();
  await writeOnceMore(world);
  await restAfter('the last messages');
  if (faults.has('redis_flushed')) {
    await loseSessions(world);
    await restAfter('the loss of all sessions');
  }
  if (faults.has('lose_device_and_gateway')) {
    await loseOneOfTwo(world);
    await restAfter('the loss of a device');
  }
  await world.time.advance(afterwardsMs);
  typeOnceMore(world);
  await world.time.advance(2 * stepMs);
  // What the log keeps of receipts in the end is the newest record of each key, and nothing else tells what was read.
  if (faults.has('compaction')) for (const one of world.broker.topic(topics.receipts).partitions) one.compact(0);
  return [...found, ...unrest(world, oracle)];
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
    if (!device.isOut) found.push(...unrestOf(device, world, oracle));
  }
  return found;
}

function unrestOf(device: Device, world: World, oracle: Oracle): string[] {
  const { name } = device;
  if (!device.isConnected) return [`${name} is not connected`];
  if (!device.isSynced) return [`${name} does not say that it has everything`];
  if ((device.client?.pendingCount ?? 0) > 0) return [`${name} waits for a verdict`];
  if (lacksSomething(device, oracle)) return [`${name} lacks messages`];
  const isBehind = watermarksOf(world, device).some(({ has, known }) => known < has);
  return isBehind ? [`nobody knows what ${name} has`] : [];
}

function lacksSomething(device: Device, oracle: Oracle): boolean {
  for (const [conversationId, conversation] of oracle.conversations) {
    const last = conversation.messages.findLast(({ seq }) => conversation.sees(device.userId, seq));
    if (last !== undefined && last.seq <= oracle.personal.valueOf(device.userId, conversationId, 'cleared')) continue;
    if (last !== undefined && device.takenUpTo(conversationId) < last.seq) return true;
  }
  return false;
}
