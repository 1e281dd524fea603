/**
 * Sends the jobs of push.jobs: who is told what is looked up when a job is sent, not when it was made.
 *
 * A job is dropped, counted by reason, if its time is over, if this worker has sent the same job lately (another finder of the
 * same gap asked for it too), if the device has acknowledged the message by now, if its user has muted the
 * conversation or cleared the message, or if the device or its token is gone. The batch
 * is committed when each of its jobs was sent or dropped: a worker that dies has the rest sent by the next.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import type { PushJob } from '@parley/schemas/generated/events';
import type { MarkKind } from '@parley/schemas/generated/wire';
import type { BatchHandler, RecordBatch } from '@parley/streams/log/log';
import { decodeBatch, type PoisonSink } from '@parley/streams/processors/decode-batch';
import { inParallel } from '@parley/streams/processors/in-parallel';
import type { InboxLookup } from '@parley/streams/processors/ports';
import type { WatermarkReader } from '@parley/streams/processors/receipts-aggregate';
import { LRUCache } from 'lru-cache';
import { Counter, type Registry } from 'prom-client';
import type { PushProvider } from './provider.ts';
import type { Recipients } from './pusher.ts';

export type DropReason =
  | 'expired'
  | 'duplicate'
  | 'acknowledged'
  | 'muted'
  | 'cleared'
  | 'device_gone'
  | 'no_token'
  | 'token_invalid';

export const textWithoutPreview = 'New message';
const maxInFlight = 32;
const maxSentRemembered = 100_000;

export interface PushWorkerDependencies {
  readonly codec: EventCodec;
  readonly poison: PoisonSink;
  readonly recipients: Recipients;
  readonly watermarks: WatermarkReader;
  readonly inbox: InboxLookup;
  readonly provider: PushProvider;
  readonly clock: Clock;
  readonly metrics: Registry;
}

export class PushWorker implements BatchHandler {
  readonly #dependencies: PushWorkerDependencies;
  readonly #sent: Counter<'reason'>;
  readonly #dropped: Counter<'reason'>;
  /** Jobs that were sent; the ids of the same work are the same. */
  readonly #recent = new LRUCache<string, true>({ max: maxSentRemembered });

  constructor(dependencies: PushWorkerDependencies) {
    this.#dependencies = dependencies;
    const registers = [dependencies.metrics];
    this.#sent = new Counter({
      name: 'parley_push_sent_total',
      help: 'Notifications handed to a provider, by why the device was not live',
      labelNames: ['reason'],
      registers,
    });
    this.#dropped = new Counter({
      name: 'parley_push_dropped_total',
      help: 'Jobs that needed no notification any more, by reason',
      labelNames: ['reason'],
      registers,
    });
  }

  assigned(): Promise<void> {
    return Promise.resolve();
  }

  async handle(batch: RecordBatch): Promise<number | null> {
    const { codec, poison } = this.#dependencies;
    const jobs = await decodeBatch(batch.records, 'push_job', codec, poison);
    const distinct = new Map(jobs.map((job) => [job.job_id, job]));
    this.#dropped.inc({ reason: 'duplicate' }, jobs.length - distinct.size);
    await inParallel(byDevice(distinct.values()), maxInFlight, async (ofDevice) => {
      for (const job of ofDevice) if (batch.isCurrent()) await this.#take(job);
    });
    return batch.isCurrent() ? batch.records.at(-1)!.offset + 1 : null;
  }

  async #take(job: PushJob): Promise<void> {
    const dropped = await this.#send(job);
    if (dropped === null) this.#sent.inc({ reason: job.reason });
    else this.#dropped.inc({ reason: dropped });
  }

  /** Why the job was dropped; null if it was sent. */
  async #send(job: PushJob): Promise<DropReason | null> {
    const { recipients, provider, clock } = this.#dependencies;
    if (job.expires_at_ms !== null && job.expires_at_ms <= clock.nowMs()) return 'expired';
    if (this.#recent.has(job.job_id)) return 'duplicate';
    if (await this.#isAcknowledged(job)) return 'acknowledged';
    const unwanted = await this.#isUnwanted(job);
    if (unwanted !== null) return unwanted;
    const target = await recipients.pushTarget(job.recipient_device_id);
    if (target === null) return 'device_gone';
    if (target.token === null) return 'no_token';
    const outcome = await provider.send({
      jobId: job.job_id,
      recipientUserId: job.recipient_user_id,
      recipientDeviceId: job.recipient_device_id,
      platform: target.platform,
      token: target.token,
      title: await this.#titleOf(job),
      text: job.message_preview ?? textWithoutPreview,
      conversationId: job.conversation_id,
      messageId: job.message_id,
      seq: job.seq,
    });
    if (outcome === 'token_invalid') return outcome;
    this.#recent.set(job.job_id, true);
    return null;
  }

  async #isAcknowledged({ conversation_id, recipient_user_id, recipient_device_id, seq }: PushJob): Promise<boolean> {
    const marks = await this.#dependencies.watermarks.watermarks(conversation_id, recipient_user_id);
    return marks.some((mark) => mark.deviceId === recipient_device_id && mark.kind === 'delivered' && mark.seq >= seq);
  }

  /** By what the user keeps about the conversation for themselves. */
  async #isUnwanted({ recipient_user_id, conversation_id, seq }: PushJob): Promise<'muted' | 'cleared' | null> {
    const { inbox, clock } = this.#dependencies;
    const marks = (await inbox.entryOf(recipient_user_id, conversation_id))?.marks ?? [];
    const markOf = (wanted: MarkKind): number => marks.find(({ kind }) => kind === wanted)?.value ?? 0;
    if (markOf('muted') > clock.nowMs()) return 'muted';
    return markOf('cleared') >= seq ? 'cleared' : null;
  }

  async #titleOf({ sender_display_name, sender_user_id }: PushJob): Promise<string | null> {
    if (sender_display_name !== null || sender_user_id === null) return sender_display_name;
    return this.#dependencies.recipients.displayName(sender_user_id);
  }
}

/** Notifications of one device go out in order. */
function byDevice(jobs: Iterable<PushJob>): PushJob[][] {
  const lists = new Map<string, PushJob[]>();
  for (const job of jobs) {
    const list = lists.get(job.recipient_device_id);
    if (list === undefined) lists.set(job.recipient_device_id, [job]);
    else list.push(job);
  }
  return [...lists.values()];
}
