/**
 * The load generator, in a process of its own: pairs of devices, an open loop of sends at a fixed rate, one JSON line at the end.
 *
 * Message i is due at start + i / rate, whatever the server does. Pairs take turns, and so do the two directions of each.
 */
import { systemTimers } from '@parley/schemas/environment/system';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { People } from '../world/people.ts';
import { LoadDevice } from './load-device.ts';
import { Measurement, type MeasurementResult } from './measurement.ts';

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

/** Told over IPC when the warm-up has ended, so that the parent reads the server's counters for the measured part alone. */
export type GeneratorMessage =
  | { readonly phase: 'measuring' }
  | { readonly phase: 'done'; readonly result: MeasurementResult };

const tickMs = 2;

async function connectPairs(options: GeneratorOptions, measurement: Measurement): Promise<[LoadDevice, LoadDevice][]> {
  const people = new People(options.apiUrl, Math.floor(Math.random() * 9_000_000));
  const pairs: [LoadDevice, LoadDevice][] = [];
  for (let index = 0; index < options.pairs; index++) {
    const [a, b] = [await people.person('Load A'), await people.person('Load B')];
    const conversationId = directConversationId(a.userId, b.userId);
    const url = (turn: number): string => options.gatewayUrls[(index + turn) % options.gatewayUrls.length]!;
    const connect = (from: typeof a, to: typeof b, turn: number): Promise<LoadDevice> =>
      LoadDevice.connect(
        { url: url(turn), token: from.first.tokens().accessToken, conversationId, peerId: to.userId, measurement },
        options.bodyBytes,
      );
    pairs.push([await connect(a, b, 0), await connect(b, a, 1)]);
  }
  return pairs;
}

function run(
  pairs: readonly [LoadDevice, LoadDevice][],
  ratePerS: number,
  count: number,
  measurement: Measurement,
): Promise<void> {
  const start = performance.timeOrigin + performance.now();
  let next = 0;
  return new Promise((resolve) => {
    const ticker = systemTimers.every(tickMs, () => {
      const nowMs = performance.timeOrigin + performance.now();
      while (next < count) {
        const intendedAtMs = start + (next * 1_000) / ratePerS;
        if (intendedAtMs > nowMs) return;
        const pair = pairs[next % pairs.length]!;
        pair[Math.floor(next / pairs.length) % 2]!.send(next, intendedAtMs);
        measurement.sent();
        next++;
      }
      ticker.cancel();
      resolve();
    });
  });
}

async function drained(measurement: Measurement, timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!measurement.isComplete && performance.now() < deadlineMs) {
    await new Promise<void>((resolve) => {
      systemTimers.after(20, resolve);
    });
  }
}

export async function generate(options: GeneratorOptions, tell: (message: GeneratorMessage) => void): Promise<void> {
  const warmUpCount = Math.round(options.ratePerS * options.warmUpSeconds);
  const count = Math.round(options.ratePerS * options.seconds);
  const measurement = new Measurement(warmUpCount);
  const pairs = await connectPairs(options, measurement);
  await run(pairs, options.ratePerS, warmUpCount, measurement);
  await drained(measurement, options.drainMs);
  measurement.restart(count);
  tell({ phase: 'measuring' });
  await run(pairs, options.ratePerS, count, measurement);
  await drained(measurement, options.drainMs);
  measurement.closing();
  for (const pair of pairs) for (const device of pair) device.close();
  tell({ phase: 'done', result: measurement.result() });
}
