/**
 * The embedded log: one process, one folder, no services.
 *
 *   const log = await LmdbLog.open({ path, clock, timers, logger, checkpoints });
 *   await log.ensureTopics(topicSpecs(12));
 *
 * Appends are grouped into synced commits, one on its way at a time (`writer.ts`). Subscriptions of a group share its partitions
 * within the process (`consumer-group.ts`); their offsets lie in the checkpoint store of the projections, so that a checkpoint
 * and what it stands for are one transaction (design rule 11). Old and superseded records are removed by `purge`.
 */
import { invariant } from '@parley/schemas/errors/invariant';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { GroupWriter } from '../group-writer.js';
import { defaultLogLimits } from '../limits.js';
import { checkPartitionCount } from '../topic-mismatch.js';
import { dropSuperseded } from './compaction.js';
import { ConsumerGroup } from './consumer-group.js';
import { GroupMember } from './group-member.js';
import { dropExpired } from './retention.js';
import { Storage } from './storage.js';
import { firstOffsetAt } from './time-index.js';
import { Writer } from './writer.js';

/** A commit has no broker's batch to fit into. */
const embeddedLimits = { ...defaultLogLimits, maxGroupRecords: 10_000, maxGroupBytes: 16_777_216 };
const defaultReadRecords = 500;
const maxBatchBytes = 4_194_304;
export class LmdbLog {
  options;
  storage;
  topics;
  groups = new Map();
  writer;
  appends;
  purgeTimer;
  subscriptions = new Set();
  purging = null;
  closed = false;
  constructor(options) {
    const { clock, timers } = options;
    const limits = { ...embeddedLimits, ...options.limits };
    this.options = options;
    this.storage = new Storage(options.path);
    this.topics = new Map(this.storage.loadTopics().map((topic) => [topic.spec.topic, topic]));
    this.writer = new Writer(this.storage, this.topics, clock, limits.maxTimestampAheadMs);
    this.appends = new GroupWriter({
      limits,
      clock,
      timers,
      spacingMs: options.commitSpacingMs ?? 8,
      notReadyAfterMs: 3_000,
      write: (records) => this.writer.write(records),
    });
    this.purgeTimer = timers.every(options.purgeIntervalMs ?? 60_000, () => this.purgeInBackground());
  }
  static open(options) {
    return Promise.resolve(new LmdbLog(options));
  }
  async ensureTopics(specs) {
    for (const spec of specs) {
      const known = this.topics.get(spec.topic);
      if (known !== undefined) checkPartitionCount(spec, known.spec.partitions);
      if (known !== undefined && isSame(known.spec, spec)) continue;
      const topic = await this.storage.storeTopic(spec);
      // Partitions that are in use go on: only how long they keep their records changed.
      this.topics.set(spec.topic, known === undefined ? topic : { spec, partitions: known.partitions });
    }
  }
  async partitionCount(topic) {
    return this.topic(topic).partitions.length;
  }
  append(record) {
    this.appends.append(record);
  }
  async subscribe(options) {
    for (const topic of options.topics) this.topic(topic);
    invariant(!this.closed, 'the log is open');
    const { timers, logger, checkpoints } = this.options;
    const { group, handler, maxBatchRecords } = options;
    const context = {
      storage: this.storage,
      checkpoints,
      timers,
      logger,
      group,
      handler,
      maxBatchRecords,
      maxBatchBytes,
    };
    const member = new GroupMember(options, context);
    const members = this.groups.get(group) ?? new ConsumerGroup(this.topics);
    this.groups.set(group, members);
    const joined = members.join(member);
    const subscription = {
      ready: () => member.ready(),
      close: async () => {
        this.subscriptions.delete(subscription);
        await members.leave(member);
        await joined;
      },
    };
    this.subscriptions.add(subscription);
    return subscription;
  }
  async *read(options) {
    const partition = this.partition(options.topic, options.partition);
    const end = Math.min(options.toOffset ?? partition.end, partition.end);
    const { from } = options;
    let next = 'offset' in from ? from.offset : firstOffsetAt(this.storage, partition, from.timeMs);
    while (next < end) {
      const start = Math.max(next, partition.earliest);
      const records = this.storage.read(
        partition,
        start,
        end,
        options.maxBatchRecords ?? defaultReadRecords,
        maxBatchBytes,
      );
      if (records.length === 0) return;
      yield records;
      next = records[records.length - 1].offset + 1;
    }
  }
  async bounds(topic, partition) {
    const { earliest, end } = this.partition(topic, partition);
    return { earliest, end };
  }
  async committed(group, topic, partition) {
    return this.options.checkpoints.load(group, topic, partition);
  }
  isReady() {
    return !this.closed && this.writer.isHealthy() && this.appends.isMoving();
  }
  /** Removes what is too old or superseded. The log calls it from time to time by itself. */
  purge() {
    this.purging ??= this.purgeTopics().finally(() => {
      this.purging = null;
    });
    return this.purging;
  }
  async close() {
    if (this.closed) return;
    this.closed = true;
    this.purgeTimer.cancel();
    await Promise.all([...this.subscriptions].map((subscription) => subscription.close()));
    await this.appends.close();
    await this.purging?.catch(() => undefined); // Whoever asked for the purge was told.
    await this.storage.close();
  }
  async purgeTopics() {
    const goOn = () => !this.closed;
    for (const { spec, partitions } of [...this.topics.values()]) {
      for (const partition of partitions) {
        if (spec.retentionMs !== null) {
          await dropExpired(this.storage, partition, this.options.clock.nowMs() - spec.retentionMs, goOn);
        }
        if (spec.compacted) await dropSuperseded(this.storage, partition, goOn);
      }
    }
  }
  purgeInBackground() {
    this.purge().catch((error) => {
      this.options.logger.error({ err: error }, 'the purge of the log failed and is tried again');
    });
  }
  topic(name) {
    const topic = this.topics.get(name);
    if (topic === undefined) throw new ParleyError('not_found', { detail: `no topic ${name}` });
    return topic;
  }
  partition(topic, partition) {
    const found = this.topic(topic).partitions[partition];
    if (found === undefined) throw new ParleyError('not_found', { detail: `no partition ${topic}/${partition}` });
    return found;
  }
}
function isSame(one, other) {
  return one.retentionMs === other.retentionMs && one.compacted === other.compacted;
}
//# sourceMappingURL=lmdb-log.js.map
