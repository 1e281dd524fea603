/**
 * The load generator, in a process of its own: pairs of devices, an open loop of sends at a fixed rate, its result over IPC.
 *
 * Pairs take turns, and so do the two directions of each.
 */
import { pause } from '@parley/schemas/environment/clock';
import { systemTimers } from '@parley/schemas/environment/system';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { inParallel } from '@parley/streams/processors/in-parallel';
import { People, type Person } from '../world/people.ts';
import type { GeneratorMessage } from './generator-process.ts';
import { LoadDevice } from './load-device.ts';
import { Measurement, type MeasurementResult, nowMs } from './measurement.ts';
import { Schedule, type Step, warmUpSteps } from './schedule.ts';

export interface GeneratorOptions {
  readonly apiUrl: string;
  readonly gatewayUrls: readonly string[];
  readonly ratePerS: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly pairs: number;
  readonly bodyBytes: number;
  readonly drainMs: number;
}

export interface GeneratorResult extends MeasurementResult {
  /** Devices whose last message the peer has not said to have. */
  readonly sendersWithoutReceipt: number;
  /** Cores that this process used while it was sending: close to 1, it has measured itself. */
  readonly generatorCores: number;
}

const tickMs = 2;
/** Registrations under way at once. */
const maxRegistrations = 16;

type Pair = readonly [LoadDevice, LoadDevice];

async function connectPair(people: People, options: GeneratorOptions, measurement: Measurement, index: number) {
  const { gatewayUrls, bodyBytes } = options;
  const [a, b] = [await people.person('Load A'), await people.person('Load B')];
  const conversationId = directConversationId(a.userId, b.userId);
  // The two are on different gateways, where there are several.
  const connect = (from: Person, to: Person, turn: number): Promise<LoadDevice> =>
    LoadDevice.connect({
      url: gatewayUrls[(index + turn) % gatewayUrls.length]!,
      token: from.first.tokens().accessToken,
      conversationId,
      peerId: to.userId,
      measurement,
      bodyBytes,
    });
  return [await connect(a, b, 0), await connect(b, a, 1)] as const;
}

function connectPairs(options: GeneratorOptions, measurement: Measurement): Promise<Pair[]> {
  const people = new People(options.apiUrl, Math.floor(Math.random() * 9_000_000));
  const indexes = Array.from({ length: options.pairs }, (_, index) => index);
  return inParallel(indexes, maxRegistrations, (index) => connectPair(people, options, measurement, index));
}

/** Sends the messages from `firstIndex` on, on schedule; resolves when the last one is sent. */
function run(
  pairs: readonly Pair[],
  { ratePerS, count, firstIndex }: Step & { readonly firstIndex: number },
  measurement: Measurement,
): Promise<void> {
  const schedule = new Schedule(ratePerS, count, nowMs());
  return new Promise((resolve) => {
    const ticker = systemTimers.every(tickMs, () => {
      schedule.due(nowMs(), (indexInStep, intendedAtMs) => {
        const index = firstIndex + indexInStep;
        const pair = pairs[index % pairs.length]!;
        pair[Math.floor(index / pairs.length) % 2]!.send(index, intendedAtMs);
        measurement.sent();
      });
      if (!schedule.isDone) return;
      ticker.cancel();
      resolve();
    });
  });
}

const unacknowledged = (pairs: readonly Pair[]): number =>
  pairs.flat().filter((device) => !device.isAcknowledged).length;

/** Waits until everything arrived, with its verdict and its receipt, but not for ever. */
async function drained(pairs: readonly Pair[], measurement: Measurement, timeoutMs: number): Promise<void> {
  const deadlineMs = nowMs() + timeoutMs;
  while ((!measurement.isComplete || unacknowledged(pairs) > 0) && nowMs() < deadlineMs) await pause(systemTimers, 20);
}

export async function generate(
  options: GeneratorOptions,
  tell: (message: GeneratorMessage<GeneratorResult>) => void,
): Promise<void> {
  const { ratePerS, seconds, warmUpSeconds, drainMs } = options;
  const warmUp = warmUpSteps(ratePerS, warmUpSeconds);
  const warmUpCount = warmUp.reduce((sum, step) => sum + step.count, 0);
  const count = Math.round(ratePerS * seconds);
  const measurement = new Measurement(warmUpCount);
  const pairs = await connectPairs(options, measurement);
  let firstIndex = 0;
  for (const step of warmUp) {
    await run(pairs, { ...step, firstIndex }, measurement);
    firstIndex += step.count;
  }
  await drained(pairs, measurement, drainMs);
  measurement.restart(count);
  tell({ phase: 'measuring' });
  const before = process.cpuUsage();
  await run(pairs, { ratePerS, count, firstIndex: 0 }, measurement);
  const { user, system } = process.cpuUsage(before);
  tell({ phase: 'sent' });
  await drained(pairs, measurement, drainMs);
  measurement.closing();
  const result = {
    ...measurement.result(),
    sendersWithoutReceipt: unacknowledged(pairs),
    generatorCores: (user + system) / 1e6 / seconds,
  };
  for (const device of pairs.flat()) device.close();
  tell({ phase: 'done', result });
}
