/**
 * What is on its way to one gateway: a bounded queue of deliveries, the batches that are not answered yet, and a circuit.
 *
 * A delivery is queued whole, cut into batches of up to fifty items, and settled when its last batch is answered. Batches are
 * sent while fewer than `maxBatchesInFlight` are unanswered, so an idle gateway is written to at once and a busy one gets full
 * batches. Time is counted in ticks of the link, which a stalled event loop cannot make jump.
 *
 * The circuit opens when the oldest delivery has waited `deadlineTicks`, or when the stream ends with deliveries unsettled. All
 * of them then count as unreached, and so does, at once, every delivery that comes while it is open: a frozen gateway costs a
 * partition one deadline and no more (design rule 16). Any answer closes the circuit, be it to a batch from before the freeze
 * or to the empty batch that each new stream begins with; then whoever missed a frame is asked to sync.
 */

import type { Random } from '@parley/schemas/environment/random';
import { invariant } from '@parley/schemas/errors/invariant';
import type { BatchStream, BatchStreamEvents, BatchTransport } from './batch-transport.ts';
import type { DeliveryItem, Unreached } from './delivery.ts';
import { MissedFrames } from './missed-frames.ts';

export interface OutboxLimits {
  readonly maxBatchItems: number;
  readonly maxBatchBytes: number;
  readonly maxBatchesInFlight: number;
  /** Of the deliveries that are not settled. One delivery may always wait, however large. */
  readonly maxQueuedBytes: number;
  readonly deadlineTicks: number;
  /** A stream that answers nothing for so long while the circuit is open is given up and opened anew. */
  readonly silentTicks: number;
  readonly minRedialTicks: number;
  readonly maxRedialTicks: number;
}

export type UnreachedReason = 'deadline' | 'unreachable' | 'queue_full' | 'too_many_gateways' | 'closed';

/** Told of what happens; must not throw. */
export interface OutboxObserver {
  unreached(reason: UnreachedReason, targets: number): void;
  circuitOpened(gatewayId: string, reason: string): void;
  circuitClosed(gatewayId: string): void;
}

interface Pending {
  readonly items: readonly DeliveryItem[];
  readonly bytes: number;
  readonly sinceTick: number;
  readonly unreached: Unreached[];
  readonly resolve: (unreached: readonly Unreached[]) => void;
  /** How many items were put into batches, and how many of those were answered: always the first ones. */
  sent: number;
  answered: number;
}

/** `count` items of a delivery from `from` on, inside a batch. */
interface Part {
  readonly delivery: Pending;
  readonly from: number;
  readonly count: number;
}

interface Batch {
  readonly id: number;
  readonly parts: readonly Part[];
}

const targetBytes = 96;
const itemBytes = 64;

const bytesOf = (item: DeliveryItem, lastTargets: readonly unknown[] | null): number =>
  item.frame.length + itemBytes + (item.targets === lastTargets ? 0 : item.targets.length * targetBytes);

/** Every target of every item from `fromItem` on. */
export function everyTarget(items: readonly DeliveryItem[], fromItem = 0): Unreached[] {
  const all: Unreached[] = [];
  for (let item = fromItem; item < items.length; item++) {
    for (let target = 0; target < items[item]!.targets.length; target++) all.push({ item, target });
  }
  return all;
}

export class GatewayOutbox implements BatchStreamEvents {
  readonly gatewayId: string;
  readonly #transport: BatchTransport;
  readonly #limits: OutboxLimits;
  readonly #random: Random;
  readonly #observer: OutboxObserver;
  readonly #missed = new MissedFrames();
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #inFlight: Batch[] = [];
  #stream: BatchStream | null = null;
  #nextBatchId = 1;
  #tick: number;
  #open = false;
  #flushScheduled = false;
  #lastUsedTick: number;
  #silentSinceTick: number;
  #redialTick = 0;
  #failures = 0;

  constructor(
    gatewayId: string,
    transport: BatchTransport,
    {
      limits,
      random,
      observer,
      tick,
    }: { limits: OutboxLimits; random: Random; observer: OutboxObserver; tick: number },
  ) {
    this.gatewayId = gatewayId;
    this.#transport = transport;
    this.#limits = limits;
    this.#random = random;
    this.#observer = observer;
    this.#tick = tick;
    this.#lastUsedTick = tick;
    this.#silentSinceTick = tick;
  }

  get isSettled(): boolean {
    return this.#pending.length === 0;
  }

  /** True while deliveries count as unreached at once. */
  get isCircuitOpen(): boolean {
    return this.#open;
  }

  get lastUsedTick(): number {
    return this.#lastUsedTick;
  }

  deliver(items: readonly DeliveryItem[]): Promise<readonly Unreached[]> {
    this.#lastUsedTick = this.#tick;
    if (this.#open) return Promise.resolve(this.#giveUp(items, 0, 'unreachable'));
    const bytes = weigh(items);
    if (this.#pending.length > 0 && this.#pendingBytes + bytes > this.#limits.maxQueuedBytes) {
      return Promise.resolve(this.#giveUp(items, 0, 'queue_full'));
    }
    return new Promise((resolve) => this.#queue(items, bytes, resolve));
  }

  #queue(items: readonly DeliveryItem[], bytes: number, resolve: Pending['resolve']): void {
    this.#pending.push({ items, bytes, sinceTick: this.#tick, unreached: [], resolve, sent: 0, answered: 0 });
    this.#pendingBytes += bytes;
    if (this.#flushScheduled) return;
    // Deliveries of the same turn of the event loop go out together.
    this.#flushScheduled = true;
    queueMicrotask(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#open || this.#pending.length === 0) return;
    this.#stream ??= this.#dial();
    while (this.#inFlight.length < this.#limits.maxBatchesInFlight) {
      const { parts, items } = this.#nextBatch();
      if (items.length === 0) return;
      this.#send(parts, items);
    }
  }

  #send(parts: readonly Part[], items: readonly DeliveryItem[]): void {
    const id = this.#nextBatchId++;
    this.#inFlight.push({ id, parts });
    this.#stream!.send(id, items);
  }

  /** The first items that are in no batch yet, up to a batch's bounds. */
  #nextBatch(): { parts: Part[]; items: DeliveryItem[] } {
    const { maxBatchItems, maxBatchBytes } = this.#limits;
    const parts: Part[] = [];
    const items: DeliveryItem[] = [];
    let bytes = 0;
    for (const delivery of this.#pending) {
      const from = delivery.sent;
      while (delivery.sent < delivery.items.length && items.length < maxBatchItems) {
        const item = delivery.items[delivery.sent]!;
        bytes += bytesOf(item, items.at(-1)?.targets ?? null);
        if (items.length > 0 && bytes > maxBatchBytes) break;
        items.push(item);
        delivery.sent++;
      }
      if (delivery.sent > from) parts.push({ delivery, from, count: delivery.sent - from });
      if (delivery.sent < delivery.items.length) break;
    }
    return { parts, items };
  }

  #dial(): BatchStream {
    this.#inFlight = [];
    this.#silentSinceTick = this.#tick;
    return this.#transport.open(this.gatewayId, this);
  }

  /** From the stream. */
  taken(batchId: number, unreached: readonly Unreached[]): void {
    const batch = this.#inFlight.shift();
    if (batch === undefined || batch.id !== batchId) {
      this.#stream?.close();
      this.ended('answers out of order');
      return;
    }
    this.#silentSinceTick = this.#tick;
    this.#failures = 0;
    if (this.#open) this.#closeCircuit();
    settle(batch.parts, unreached);
    this.#dropSettled();
    if (this.#pending.length === 0 && !this.#missed.isEmpty) this.#makeGood();
    this.#flush();
  }

  #dropSettled(): void {
    let settled = 0;
    while (settled < this.#pending.length) {
      const delivery = this.#pending[settled]!;
      if (delivery.answered < delivery.items.length) break;
      this.#pendingBytes -= delivery.bytes;
      delivery.resolve(delivery.unreached);
      settled++;
    }
    if (settled > 0) this.#pending.splice(0, settled);
  }

  #makeGood(): void {
    const items = this.#missed.take();
    if (items.length > 0) this.#queue(items, weigh(items), () => {});
  }

  /** From the stream. */
  ended(reason: string): void {
    this.#stream = null;
    this.#inFlight = [];
    this.#failures++;
    this.#redialTick = this.#tick + this.#redialDelay();
    if (this.#pending.length > 0) this.#openCircuit('unreachable', reason);
  }

  #redialDelay(): number {
    const { minRedialTicks, maxRedialTicks } = this.#limits;
    const ceiling = Math.min(maxRedialTicks, minRedialTicks * 2 ** Math.min(this.#failures - 1, 16));
    return Math.max(1, Math.round(ceiling * (0.5 + this.#random.next() / 2)));
  }

  #openCircuit(reason: UnreachedReason, detail: string): void {
    const pending = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    if (!this.#open) {
      this.#open = true;
      this.#silentSinceTick = this.#tick;
      this.#observer.circuitOpened(this.gatewayId, detail);
    }
    for (const delivery of pending) {
      delivery.resolve(delivery.unreached.concat(this.#giveUp(delivery.items, delivery.answered, reason)));
    }
  }

  #closeCircuit(): void {
    this.#open = false;
    this.#observer.circuitClosed(this.gatewayId);
  }

  #giveUp(items: readonly DeliveryItem[], fromItem: number, reason: UnreachedReason): Unreached[] {
    for (let item = fromItem; item < items.length; item++) this.#missed.add(items[item]!);
    const unreached = everyTarget(items, fromItem);
    this.#observer.unreached(reason, unreached.length);
    return unreached;
  }

  /** Called by the link at every tick. */
  tick(tick: number): void {
    this.#tick = tick;
    const oldest = this.#pending[0];
    if (oldest !== undefined && tick - oldest.sinceTick >= this.#limits.deadlineTicks) {
      this.#openCircuit('deadline', `no answer for ${this.#limits.deadlineTicks} ticks`);
    }
    if (!this.#open) return;
    if (this.#stream === null) {
      if (tick >= this.#redialTick) this.#probe();
    } else if (tick - this.#silentSinceTick >= this.#limits.silentTicks) {
      this.#stream.close();
      this.ended('silent');
    }
  }

  #probe(): void {
    this.#stream = this.#dial();
    this.#send([], []);
  }

  /** Ends the stream; what is not settled counts as unreached. */
  close(): void {
    this.#stream?.close();
    this.#stream = null;
    if (this.#pending.length > 0) this.#openCircuit('closed', 'link closed');
    invariant(this.#pendingBytes === 0, 'a closed outbox holds nothing');
  }
}

function weigh(items: readonly DeliveryItem[]): number {
  let bytes = 0;
  let lastTargets: readonly unknown[] | null = null;
  for (const item of items) {
    bytes += bytesOf(item, lastTargets);
    lastTargets = item.targets;
  }
  return bytes;
}

/** Hands a batch's answer to the deliveries whose items it held; what names no target of theirs is ignored. */
function settle(parts: readonly Part[], unreached: readonly Unreached[]): void {
  let start = 0;
  for (const { delivery, from, count } of parts) {
    for (const { item, target } of unreached) {
      const own = from + item - start;
      const isOwn = item >= start && item < start + count && target < delivery.items[own]!.targets.length;
      if (isOwn) delivery.unreached.push({ item: own, target });
    }
    delivery.answered += count;
    start += count;
  }
}
