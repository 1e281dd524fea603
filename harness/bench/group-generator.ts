/**
 * The load of large groups, in a process of its own: all their members are registered, some connect, and these take turns to send at a
 * fixed rate whatever the server does (an open loop).
 *
 * Latencies count from the intended time of a message. It is known from the number of the message, which its body carries. One clock
 * reading serves all messages of a turn of the event loop that follow each other within a read.
 */
import { pause } from '@parley/schemas/environment/clock';
import { systemRandom, systemTimers } from '@parley/schemas/environment/system';
import { GroupsApi } from '@parley/sdk/groups';
import { inParallel } from '@parley/streams/processors/in-parallel';
import { People } from '../world/people.ts';
import type { GeneratorMessage } from './generator-process.ts';
import { GroupDevice, type GroupLoad } from './group-device.ts';
import { GroupTally, type GroupTallyResult } from './group-tally.ts';
import { nowMs } from './measurement.ts';
import { Schedule, type Step, warmUpSteps } from './schedule.ts';

export interface GroupGeneratorOptions {
  readonly apiUrl: string;
  readonly gatewayUrls: readonly string[];
  readonly members: number;
  readonly online: number;
  /** With the same members; messages take turns. */
  readonly groups: number;
  readonly ratePerS: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly bodyBytes: number;
  readonly acknowledgeEveryMs: number;
  readonly drainMs: number;
}

export interface GroupGeneratorResult extends GroupTallyResult {
  /** Cores that this process used while it was sending: close to 1, it has measured itself. */
  readonly generatorCores: number;
  readonly setUpSeconds: number;
}

const tickMs = 2;
const maxRegistrations = 16;
const maxHandshakes = 16;
const maxMembers = 1_024;

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

class GroupRun implements GroupLoad {
  readonly conversationIds: readonly string[];
  readonly bodyBytes: number;
  readonly acknowledgeEveryMs: number;
  readonly tally: GroupTally;
  /** Messages of an earlier run that come late are not of this one. */
  run = 0;
  #intendedAtMs = new Float64Array(0);

  constructor(conversationIds: readonly string[], { online, bodyBytes, acknowledgeEveryMs }: GroupGeneratorOptions) {
    this.conversationIds = conversationIds;
    this.bodyBytes = bodyBytes;
    this.acknowledgeEveryMs = acknowledgeEveryMs;
    this.tally = new GroupTally(online);
  }

  groupOf(number: number): number {
    return number % this.conversationIds.length;
  }

  begin(messages: number): void {
    this.run++;
    this.#intendedAtMs = new Float64Array(messages);
    this.tally.restart(messages);
  }

  sent(number: number, intendedAtMs: number): void {
    this.#intendedAtMs[number] = intendedAtMs;
    this.tally.sent();
  }

  delivered(device: number, run: number, number: number): void {
    if (run === this.run) this.tally.delivered(device, number, nowMs() - this.#intendedAtMs[number]!);
  }

  caughtUp(device: number, run: number, number: number): void {
    if (run === this.run) this.tally.caughtUp(device, number, nowMs() - this.#intendedAtMs[number]!);
  }

  accepted(): void {
    this.tally.accepted();
  }

  refused(code: string): void {
    this.tally.refused(code);
  }

  /** Receipts and the like. */
  other(): void {}

  disconnected(): void {
    this.tally.disconnected();
  }
}

interface Crowd {
  readonly groupIds: readonly string[];
  readonly tokens: readonly string[];
}

async function gather({ apiUrl, members, groups }: GroupGeneratorOptions): Promise<Crowd> {
  const people = new People(apiUrl, Math.floor(Math.random() * 9_000_000));
  const all = await inParallel(upTo(members), maxRegistrations, (index) => people.person(`Member ${index}`));
  const [first, ...others] = all;
  const api = new GroupsApi(apiUrl, first!.first.credentials, systemRandom);
  const memberIds = others.map(({ userId }) => userId);
  const groupIds: string[] = [];
  for (const index of upTo(groups)) {
    groupIds.push((await api.make({ title: `Large ${index}`, maxMembers, memberIds })).groupId);
  }
  return { groupIds, tokens: all.map((person) => person.first.tokens().accessToken) };
}

/** Sends so many messages on schedule, numbered from `first` on; resolves when the last one is sent. */
function send(devices: readonly GroupDevice[], load: GroupRun, { ratePerS, count }: Step, first: number) {
  const schedule = new Schedule(ratePerS, count, nowMs());
  return new Promise<void>((resolve) => {
    const ticker = systemTimers.every(tickMs, () => {
      schedule.due(nowMs(), (index, intendedAtMs) => {
        const number = first + index;
        load.sent(number, intendedAtMs);
        senderOf(devices, load, number).send(load.run, number);
      });
      if (!schedule.isDone) return;
      ticker.cancel();
      resolve();
    });
  });
}

/** Devices take turns, and each says its share in every group. */
function senderOf(devices: readonly GroupDevice[], { conversationIds }: GroupRun, number: number): GroupDevice {
  return devices[Math.floor(number / conversationIds.length) % devices.length]!;
}

/** All devices acknowledge once in the interval, a few of them at a time. */
function acknowledging(devices: readonly GroupDevice[], everyMs: number) {
  const ticks = Math.max(1, Math.round(everyMs / tickMs));
  let tick = 0;
  return systemTimers.every(tickMs, () => {
    for (let index = tick % ticks; index < devices.length; index += ticks) devices[index]!.acknowledge();
    tick++;
  });
}

async function drained({ tally }: GroupRun, timeoutMs: number): Promise<void> {
  const deadlineMs = nowMs() + timeoutMs;
  while (!tally.isComplete && nowMs() < deadlineMs) await pause(systemTimers, 20);
}

export async function generateGroup(
  options: GroupGeneratorOptions,
  tell: (message: GeneratorMessage<GroupGeneratorResult>) => void,
): Promise<void> {
  const { gatewayUrls, online, ratePerS, seconds, warmUpSeconds, acknowledgeEveryMs, drainMs } = options;
  const startedMs = nowMs();
  const { groupIds, tokens } = await gather(options);
  const load = new GroupRun(groupIds, options);
  const devices = await inParallel(upTo(online), maxHandshakes, (index) =>
    GroupDevice.connect(gatewayUrls[index % gatewayUrls.length]!, tokens[index]!, index, load),
  );
  const setUpSeconds = (nowMs() - startedMs) / 1_000;
  const acknowledgements = acknowledging(devices, acknowledgeEveryMs);
  const warmUp = warmUpSteps(ratePerS, warmUpSeconds);
  load.begin(warmUp.reduce((sum, step) => sum + step.count, 0));
  let first = 0;
  for (const step of warmUp) {
    await send(devices, load, step, first);
    first += step.count;
  }
  await drained(load, drainMs);
  const count = Math.round(ratePerS * seconds);
  load.begin(count);
  tell({ phase: 'measuring' });
  const before = process.cpuUsage();
  await send(devices, load, { ratePerS, count }, 0);
  const { user, system } = process.cpuUsage(before);
  tell({ phase: 'sent' });
  await drained(load, drainMs);
  load.tally.closing();
  acknowledgements.cancel();
  const result = { ...load.tally.result(), generatorCores: (user + system) / 1e6 / seconds, setUpSeconds };
  for (const device of devices) device.close();
  tell({ phase: 'done', result });
}
