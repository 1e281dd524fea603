/**
 * Seals partitions while they grow: a consumer group of its own, whose handler collects records, and a timer that writes checkpoints.
 *
 * Nothing waits for it and it writes nothing per message: one checkpoint for each partition that got records since the last, every
 * `intervalMs` and after every 1,000 records. An offset is committed when it is sealed; what was collected and not sealed comes again.
 * Whoever is assigned a partition seals it; should two do so for a moment, one's checkpoints count and the other's are passed over.
 */
import type { TimerHandle, Timers } from '@parley/schemas/environment/clock';
import type { Logger } from 'pino';
import type { Counter, Registry } from 'prom-client';
import { counterIn } from '../delivery/link-metrics.ts';
import type { BatchHandler, Log, RecordBatch, Subscription } from '../log/log.ts';
import { topics } from '../log/topics.ts';
import { inParallel } from '../processors/in-parallel.ts';
import type { AuditTailDependencies } from './audit-tail.ts';
import { PartitionSealer } from './partition-sealer.ts';

export const auditGroup = 'audit';

/** What is kept for ever and not compacted: of a compacted topic records go by design, so no chain can hold. */
export const sealedTopics: readonly string[] = [topics.messages];

const maxSealsInFlight = 8;

export interface AuditFollowerDependencies extends AuditTailDependencies {
  readonly log: Log;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export interface AuditFollowerSettings {
  /** How often what has come is sealed. */
  readonly intervalMs: number;
  readonly maxBatchRecords: number;
}

export const defaultAuditSettings: AuditFollowerSettings = { intervalMs: 10_000, maxBatchRecords: 1_000 };

export class AuditFollower implements BatchHandler {
  readonly #dependencies: AuditFollowerDependencies;
  readonly #settings: AuditFollowerSettings;
  readonly #checkpoints: Counter;
  readonly #records: Counter;
  #sealers = new Map<string, PartitionSealer>();
  readonly counts = { records: 0, checkpoints: 0 };
  #subscription: Subscription | null = null;
  #timer: TimerHandle | null = null;
  #sealing: Promise<void> | null = null;

  constructor(dependencies: AuditFollowerDependencies, settings: AuditFollowerSettings = defaultAuditSettings) {
    const { metrics } = dependencies;
    this.#dependencies = dependencies;
    this.#settings = settings;
    this.#checkpoints = counterIn(metrics, {
      name: 'parley_audit_checkpoints_total',
      help: 'Checkpoints of the hash chain that this process wrote',
    });
    this.#records = counterIn(metrics, {
      name: 'parley_audit_sealed_records_total',
      help: 'Records that the checkpoints of this process seal',
    });
  }

  /** Resolves at the first assignment. */
  async start(): Promise<void> {
    const { log, timers } = this.#dependencies;
    const { intervalMs, maxBatchRecords } = this.#settings;
    const group = auditGroup;
    this.#subscription = await log.subscribe({
      ...{ topics: sealedTopics, group, handler: this, maxBatchRecords, from: 'earliest' },
    });
    this.#timer = timers.every(intervalMs, () => this.#sealInBackground());
    await this.#subscription.ready();
  }

  assigned(): Promise<void> {
    this.#sealers = new Map();
    return Promise.resolve();
  }

  async handle(batch: RecordBatch): Promise<number | null> {
    const { topic, partition, records } = batch;
    const name = `${topic}/${partition}`;
    const sealers = this.#sealers;
    let sealer = sealers.get(name);
    if (sealer === undefined) {
      const sealed = (count: number) => {
        this.#checkpoints.inc();
        this.#records.inc(count);
        this.counts.checkpoints += 1;
        this.counts.records += count;
      };
      sealer = await PartitionSealer.open({ ...this.#dependencies, sealed }, topic, partition);
      sealers.set(name, sealer);
    }
    await sealer.add(records);
    const next = Math.min(sealer.head.toOffset, records.at(-1)!.offset + 1);
    return next > records[0]!.offset ? next : null;
  }

  /** Seals what has come. */
  async seal(): Promise<void> {
    await inParallel([...this.#sealers.values()], maxSealsInFlight, (sealer) => sealer.seal());
  }

  /** Seals once more, so that a clean stop leaves nothing unsealed that was read. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.#subscription?.close();
    await this.#sealing;
    await this.#sealOrWarn();
  }

  #sealInBackground(): void {
    this.#sealing ??= this.#sealOrWarn().finally(() => {
      this.#sealing = null;
    });
  }

  /** What was not sealed is kept, and sealed the next time. */
  async #sealOrWarn(): Promise<void> {
    try {
      await this.seal();
    } catch (error) {
      this.#dependencies.logger.warn({ err: error }, 'the log was not sealed and will be later');
    }
  }
}

/** For mains: a follower that runs, or null where the process is not to seal. */
export async function startAuditFollower(
  dependencies: AuditFollowerDependencies,
  intervalSeconds: number,
): Promise<AuditFollower | null> {
  if (intervalSeconds === 0) return null;
  const follower = new AuditFollower(dependencies, { ...defaultAuditSettings, intervalMs: intervalSeconds * 1_000 });
  await follower.start();
  return follower;
}
