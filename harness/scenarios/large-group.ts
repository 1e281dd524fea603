/** A group of 1,024 of whom half are online: everybody gets everything once, whoever slept is notified once, and who left gets nothing. */
import assert from 'node:assert/strict';
import { systemRandom } from '@parley/schemas/environment/system';
import { GroupsApi } from '@parley/sdk/groups';
import { inParallel } from '@parley/streams/processors/in-parallel';
import { GroupDevice, type GroupLoad } from '../bench/group-device.ts';
import { until } from '../services/until.ts';
import type { Person } from '../world/people.ts';
import type { World } from '../world/world.ts';
import type { Scenario } from './scenario.ts';

const membersCount = 1_024;
const onlineCount = 512;
const maxRegistrations = 32;
const maxHandshakes = 32;
const messagesCount = 20;
const patience = { timeoutMs: 60_000, everyMs: 20 };

/** What the devices that are online saw. */
class Crowd implements GroupLoad {
  readonly conversationIds: readonly string[];
  readonly bodyBytes = 200;
  readonly acknowledgeEveryMs = 100;
  /** Of each device, how often it was given each message. */
  readonly seen: readonly number[][];
  readonly others = new Map<string, number>();
  readonly refusals: string[] = [];
  verdicts = 0;
  disconnects = 0;

  constructor(groupId: string) {
    this.conversationIds = [groupId];
    this.seen = Array.from({ length: onlineCount }, () => []);
  }

  groupOf(): number {
    return 0;
  }

  delivered(device: number, _run: number, number: number): void {
    const own = this.seen[device]!;
    own[number] = (own[number] ?? 0) + 1;
  }

  /** A device that reads a page may find there what it already has. */
  caughtUp(device: number, _run: number, number: number): void {
    this.seen[device]![number] ??= 1;
  }

  accepted(): void {
    this.verdicts++;
  }

  refused(code: string): void {
    if (code !== 'resync') this.refusals.push(code);
  }

  other(name: string): void {
    this.others.set(name, (this.others.get(name) ?? 0) + 1);
  }

  disconnected(): void {
    this.disconnects++;
  }

  /** Messages of a range that a device got, and how often all together. */
  of(device: number, from: number, to: number): { messages: number; copies: number } {
    const counts = this.seen[device]!.slice(from, to).filter((count) => count > 0);
    return { messages: counts.length, copies: counts.reduce((sum, count) => sum + count, 0) };
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** All that are connected but the last; each sender has its own messages without a delivery. */
async function everybodyHas(crowd: Crowd, senders: readonly number[], from: number, to: number): Promise<void> {
  const devices = upTo(crowd.seen.length - 1);
  const wanted = (device: number): number => to - from - senders.filter((sender) => sender === device).length;
  const isThere = (device: number): boolean => crowd.of(device, from, to).messages === wanted(device);
  await until(() => devices.every(isThere), { what: `messages ${from} to ${to} on every device`, ...patience });
  for (const device of devices) assert.equal(crowd.of(device, from, to).copies, wanted(device), 'each came once');
}

async function sleeperCatchesUp(world: World, sleeper: Person, groupId: string): Promise<void> {
  const late = await world.client(sleeper.first).online();
  const messages = await late.holds(groupId, messagesCount + 1);
  assert.deepEqual(
    messages.map(({ seq }) => seq),
    messages.map((_, index) => index + 1),
  );
  const entry = (await late.client.inbox()).entries.find((one) => one.conversation_id === groupId);
  assert.equal(entry?.unread_count, messagesCount);
}

/** Once each, for each message. */
async function sleepersAreNotified(world: World, sleepers: readonly Person[], groupId: string): Promise<void> {
  const ids = new Set(sleepers.map(({ userId }) => userId));
  const notified = (): string[] =>
    world.pushes
      .filter((push) => push.conversationId === groupId && ids.has(push.userId))
      .map(({ userId, seq }) => `${userId} ${seq}`);
  const expected = sleepers.length * messagesCount;
  await until(() => notified().length >= expected, { what: `${expected} notifications`, ...patience });
  assert.equal(new Set(notified()).size, expected);
}

export const largeGroup: Scenario = {
  name: 'a group of 1,024, half of it online: everybody has everything once',
  async run(world) {
    const people = await inParallel(upTo(membersCount), maxRegistrations, (index) => world.person(`Member ${index}`));
    const [admin, ...others] = people as [Person, ...Person[]];
    const groups = new GroupsApi(world.apiUrl, admin.first.credentials, systemRandom);
    const memberIds = others.map(({ userId }) => userId);
    const { groupId } = await groups.make({ title: 'Everybody', maxMembers: membersCount, memberIds });
    // Made is not yet projected: 1,024 rows take a busy store a while, and until then a device knows of no such group.
    const early = await world.client(people[onlineCount - 1]!.first).online();
    await early.holds(groupId, 1, 60_000);
    await early.offline();
    const crowd = new Crowd(groupId);
    const devices = await inParallel(upTo(onlineCount), maxHandshakes, (index) => {
      const url = world.gatewayUrls[index % world.gatewayUrls.length]!;
      return GroupDevice.connect(url, people[index]!.first.tokens().accessToken, index, crowd);
    });
    const acknowledge = setInterval(() => {
      for (const device of devices) device.acknowledge();
    }, 200);
    try {
      const senders = upTo(messagesCount).map((number) => (number * 37) % (onlineCount - 1));
      for (const [number, sender] of senders.entries()) devices[sender]!.send(1, number);
      await everybodyHas(crowd, senders, 0, messagesCount);
      const sleepers = people.slice(onlineCount);
      await sleepersAreNotified(world, sleepers, groupId);
      await sleeperCatchesUp(world, sleepers[0]!, groupId);
      // Beyond 32 members nobody is told of each other's receipts one by one.
      assert.equal(crowd.others.get('receipt') ?? 0, 0);

      // Who is removed gets nothing of what comes after; all the others do.
      await groups.remove(groupId, people[onlineCount - 1]!.userId);
      devices[0]!.send(1, messagesCount);
      await everybodyHas(crowd, [0], messagesCount, messagesCount + 1);
      assert.deepEqual(crowd.of(onlineCount - 1, messagesCount, messagesCount + 1), { messages: 0, copies: 0 });
      await until(() => crowd.verdicts === messagesCount + 1, { what: 'a verdict of every message', ...patience });
      assert.deepEqual([crowd.refusals, crowd.disconnects], [[], 0]);
    } finally {
      clearInterval(acknowledge);
      for (const device of devices) device.close();
    }
  },
};
