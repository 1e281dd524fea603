import { decodeFrame } from '@parley/schemas/codec/frame-codec';
import { settle, VirtualTime } from '@parley/schemas/environment/virtual-time';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { BatchStream, BatchStreamEvents, BatchTransport } from './batch-transport.ts';
import { BatchingLink, defaultLinkSettings, type LinkSettings } from './batching-link.ts';
import type { DeliveryItem, Unreached } from './delivery.ts';
import { connection, item } from './link.contract.ts';

/** A stream that answers only when it is told to. */
class ManualStream implements BatchStream {
  readonly sent: { readonly id: number; readonly items: readonly DeliveryItem[] }[] = [];
  readonly events: BatchStreamEvents;
  isClosed = false;
  #answered = 0;

  constructor(events: BatchStreamEvents) {
    this.events = events;
  }

  send(id: number, items: readonly DeliveryItem[]): void {
    this.sent.push({ id, items });
  }

  close(): void {
    this.isClosed = true;
  }

  answerNext(unreached: readonly Unreached[] = []): void {
    this.events.taken(this.sent[this.#answered++]!.id, unreached);
  }

  async answerAll(): Promise<void> {
    while (this.#answered < this.sent.length) {
      this.answerNext();
      await settle();
    }
  }
}

class ManualTransport implements BatchTransport {
  readonly streams: ManualStream[] = [];

  open(_gatewayId: string, events: BatchStreamEvents): ManualStream {
    const stream = new ManualStream(events);
    this.streams.push(stream);
    return stream;
  }

  get last(): ManualStream {
    return this.streams.at(-1)!;
  }
}

const setUp = (settings: Partial<LinkSettings> = {}) => {
  const time = new VirtualTime(0);
  const transport = new ManualTransport();
  const metrics = new Registry();
  const link = new BatchingLink(
    transport,
    {
      timers: time,
      random: { next: () => 0.999_999, bytes: (length) => new Uint8Array(length) },
      metrics,
      logger: pino({ level: 'silent' }),
    },
    { ...defaultLinkSettings, ...settings },
  );
  return { time, transport, link, metrics };
};

/** What a promise has come to by now. */
const stateOf = async <T>(promise: Promise<T>): Promise<T | 'waiting'> => {
  await settle();
  return Promise.race([promise, Promise.resolve('waiting' as const)]);
};

const a = connection('a');
const unreachedA = [{ item: 0, target: 0 }];

describe('deliveries that wait', () => {
  it('go out at once on an idle stream, and in full batches behind unanswered ones', async () => {
    const { transport, link } = setUp({ maxBatchesInFlight: 2 });
    void link.deliver('g', [item('1', a)]);
    await settle();
    void link.deliver('g', [item('2', a)]);
    await settle();
    expect(transport.last.sent.map(({ items }) => items.length)).toEqual([1, 1]);
    for (let i = 0; i < 120; i++) void link.deliver('g', [item(`${i}`, a)]);
    await settle();
    expect(transport.last.sent).toHaveLength(2);
    transport.last.answerNext();
    transport.last.answerNext();
    expect(transport.last.sent.map(({ items }) => items.length)).toEqual([1, 1, 50, 50]);
    await transport.last.answerAll();
    expect(transport.last.sent.map(({ items }) => items.length)).toEqual([1, 1, 50, 50, 20]);
  });

  it('are cut by bytes, and one frame larger than a batch still goes', async () => {
    const { transport, link } = setUp({ maxBatchBytes: 1_000 });
    const frame = (size: number) => ({ ...item('', a), frame: Buffer.alloc(size) });
    const answer = link.deliver('g', [frame(600), frame(600), frame(5_000), frame(1)]);
    await settle();
    expect(transport.last.sent.map(({ items }) => items.map((one) => one.frame.length))).toEqual([
      [600],
      [600],
      [5_000],
      [1],
    ]);
    transport.last.answerNext();
    transport.last.answerNext(unreachedA);
    transport.last.answerNext([
      { item: 4, target: 0 },
      { item: 0, target: 9 },
    ]);
    expect(await stateOf(answer)).toBe('waiting');
    transport.last.answerNext(unreachedA);
    expect(await answer).toEqual([
      { item: 1, target: 0 },
      { item: 3, target: 0 },
    ]);
  });

  it('rule 16: are given up at the deadline, but for what was answered before', async () => {
    const { time, transport, link } = setUp({ maxBatchItems: 1 });
    const answer = link.deliver('g', [item('1', a), item('2', a, a)]);
    await time.advance(500);
    transport.last.answerNext();
    await time.advance(400);
    expect(await stateOf(answer)).toBe('waiting');
    await time.advance(100);
    expect(await stateOf(answer)).toEqual([
      { item: 1, target: 0 },
      { item: 1, target: 1 },
    ]);
  });

  it('rule 16: never fill more than the queue, and one gateway never holds another', async () => {
    const { transport, link, metrics } = setUp({ maxQueuedBytes: 10_000 });
    const large = () => ({ ...item('', a), frame: Buffer.alloc(20_000) });
    const first = link.deliver('g', [large()]);
    expect(await stateOf(first)).toBe('waiting');
    expect(await stateOf(link.deliver('g', [item('2', a)]))).toEqual(unreachedA);
    const other = link.deliver('h', [item('3', a)]);
    await settle();
    await transport.streams[1]!.answerAll();
    expect(await stateOf(other)).toEqual([]);
    await transport.streams[0]!.answerAll();
    expect(await stateOf(first)).toEqual([]);
    expect(await metrics.metrics()).toContain('parley_link_unreached_total{reason="queue_full"} 1');
  });
});

describe('the circuit', () => {
  it('rule 16: open, deliveries are unreached at once; a late answer closes it and who missed something is told', async () => {
    const { time, transport, link } = setUp();
    const early = link.deliver('g', [item('1', a)]);
    await time.advance(1_000);
    expect(await stateOf(early)).toEqual(unreachedA);
    expect(await stateOf(link.deliver('g', [item('2', connection('b'))]))).toEqual(unreachedA);
    expect(transport.last.sent).toHaveLength(1);

    transport.last.answerNext();
    await settle();
    const [made] = transport.last.sent[1]!.items;
    expect(decodeFrame(made!.frame).name).toBe('resync');
    expect(made!.targets.map(({ deviceId }) => deviceId)).toEqual(['a', 'b']);
    const after = link.deliver('g', [item('3', a)]);
    await settle();
    await transport.last.answerAll();
    expect(await stateOf(after)).toEqual([]);
    expect(transport.last.sent).toHaveLength(3);
  });

  it('opens when the stream ends with something unanswered, and is probed with backoff until a probe is answered', async () => {
    const { time, transport, link } = setUp({ minRedialMs: 200, maxRedialMs: 800 });
    const answer = link.deliver('g', [item('1', a)]);
    await settle();
    transport.last.events.ended('refused');
    expect(await stateOf(answer)).toEqual(unreachedA);
    const dialledAt: number[] = [];
    for (let tick = 0; tick < 40; tick++) {
      const before = transport.streams.length;
      await time.advance(100);
      if (transport.streams.length === before) continue;
      dialledAt.push(time.nowMs());
      expect(transport.last.sent).toEqual([{ id: expect.any(Number), items: [] }]);
      transport.last.events.ended('refused');
    }
    expect(dialledAt.map((at, index) => at - (dialledAt[index - 1] ?? 0))).toEqual([200, 400, 800, 800, 800, 800]);
    await time.advance(800);
    transport.last.answerNext();
    const after = link.deliver('g', [item('2', a)]);
    await settle();
    await transport.last.answerAll();
    expect(await stateOf(after)).toEqual([]);
  });

  it('stays closed when a stream ends with nothing under way: the next delivery dials', async () => {
    const { transport, link } = setUp();
    void link.deliver('g', [item('1', a)]);
    await settle();
    await transport.last.answerAll();
    transport.last.events.ended('the gateway restarts');
    const answer = link.deliver('g', [item('2', a)]);
    await settle();
    expect(transport.streams).toHaveLength(2);
    await transport.last.answerAll();
    expect(await stateOf(answer)).toEqual([]);
  });

  it('gives up a stream that stays silent, and opens another', async () => {
    const { time, transport, link } = setUp({ silentMs: 3_000, minRedialMs: 100 });
    void link.deliver('g', [item('1', a)]);
    await time.advance(3_900);
    expect(transport.streams).toHaveLength(1);
    await time.advance(300);
    expect(transport.streams[0]!.isClosed).toBe(true);
    expect(transport.streams).toHaveLength(2);
  });

  it('takes answers that come out of order for a broken stream', async () => {
    const { transport, link } = setUp();
    const answer = link.deliver('g', [item('1', a)]);
    await settle();
    transport.last.events.taken(99, []);
    expect(await stateOf(answer)).toEqual(unreachedA);
    expect(transport.last.isClosed).toBe(true);
  });

  it('tells everybody when more missed a frame than it remembers, and repeats the newest presence of a user', async () => {
    const { time, transport, link } = setUp();
    const presence = (text: string): DeliveryItem => ({ ...item(text), position: null, watchersOf: 'w' });
    void link.deliver('g', [presence('old'), presence('new')]);
    await time.advance(1_000);
    for (let i = 0; i < 10_001; i++) void link.deliver('g', [item('x', connection(`${i}`))]);
    transport.last.answerNext();
    await settle();
    const items = transport.last.sent[1]!.items;
    expect(items[0]).toEqual(presence('new'));
    expect(items[1]).toMatchObject({ everyone: true, targets: [] });
  });
});

describe('streams', () => {
  it('are closed when idle and forgotten when unreachable for as long as sessions live; then no timer is left', async () => {
    const { time, transport, link } = setUp({ idleMs: 60_000, forgetMs: 300_000 });
    void link.deliver('live', [item('1', a)]);
    void link.deliver('dead', [item('1', a)]);
    await settle();
    await transport.streams[0]!.answerAll();
    await time.advance(60_000);
    expect(link.size).toBe(1);
    await time.advance(240_000);
    expect(link.size).toBe(0);
    expect(transport.streams.every((stream) => stream.isClosed)).toBe(true);
    expect(time.nextAtMs()).toBeNull();
  });

  it('are bounded: the one used least recently makes room, unless all have something under way', async () => {
    const { time, transport, link } = setUp({ maxGateways: 2 });
    void link.deliver('g', [item('1', a)]);
    await time.advance(100);
    void link.deliver('h', [item('1', a)]);
    await settle();
    expect(await stateOf(link.deliver('i', [item('1', a)]))).toEqual(unreachedA);
    await transport.streams[0]!.answerAll();
    await transport.streams[1]!.answerAll();
    const answer = link.deliver('i', [item('1', a)]);
    await settle();
    expect(transport.streams[0]!.isClosed).toBe(true);
    await transport.streams[2]!.answerAll();
    expect(await stateOf(answer)).toEqual([]);
  });

  it('end with the link: what is under way and what comes later counts as unreached', async () => {
    const { transport, link, time } = setUp();
    const answer = link.deliver('g', [item('1', a)]);
    await settle();
    await link.close();
    expect(await stateOf(answer)).toEqual(unreachedA);
    expect(await link.deliver('g', [item('2', a)])).toEqual(unreachedA);
    expect(transport.last.isClosed).toBe(true);
    expect(time.nextAtMs()).toBeNull();
  });
});
