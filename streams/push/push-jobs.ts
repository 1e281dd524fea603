/**
 * The durable queue of notifications: one job for one device that did not get a message live.
 *
 * A job's id is derived from the message's place (conversation and seq) and the device, which the processor, the gateway and the
 * sweep of leases all know: whoever finds out that a device lacks a message asks for the same work, under the same id.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import type { Platform, PushJob, PushReason } from '@parley/schemas/generated/events';
import { v5 } from 'uuid';
import { type AppendRequest, appendAll } from '../log/append-all.ts';
import type { Log } from '../log/log.ts';
import { topics } from '../log/topics.ts';

/** Namespace of job ids; never to be changed. */
const pushJobNamespace = 'c8a0f3f2-51a7-4b0e-9d63-0f6b7f0a2d15';

/**
 * Records appended and waited for at a time, so that one long list cannot fill the log's queue by itself. Each time is a commit of the
 * log: a message to a large group that sleeps must not wait for several.
 */
const maxJobsInFlight = 2_000;

/** What a job is made of. */
export interface PushJobSource {
  readonly recipientUserId: string;
  readonly recipientDeviceId: string;
  /** Null: resolved when the job is sent. */
  readonly platform: Platform | null;
  /** Null: unknown, the notification is a summary. */
  readonly senderUserId: string | null;
  readonly conversationId: string;
  /** Null where only the message's place is known. */
  readonly messageId: string | null;
  readonly seq: number;
  /** As the sender's client chose it; null: "New message". */
  readonly preview: string | null;
  readonly reason: PushReason;
  readonly enqueuedAtMs: number;
  /** Null: never. */
  readonly expiresAtMs: number | null;
}

/** The same message and device give the same id, whoever asks. */
export function pushJobId(conversationId: string, seq: number, deviceId: string): string {
  return v5(`${conversationId}:${seq}:${deviceId}`, pushJobNamespace);
}

export function jobFor(source: PushJobSource): PushJob {
  return {
    job_id: pushJobId(source.conversationId, source.seq, source.recipientDeviceId),
    recipient_user_id: source.recipientUserId,
    recipient_device_id: source.recipientDeviceId,
    sender_user_id: source.senderUserId,
    sender_display_name: null,
    message_preview: source.preview,
    conversation_id: source.conversationId,
    message_id: source.messageId,
    seq: source.seq,
    platform: source.platform,
    attempt: 1,
    enqueued_at_ms: source.enqueuedAtMs,
    expires_at_ms: source.expiresAtMs,
    reason: source.reason,
  };
}

export interface PushJobQueueDependencies {
  readonly log: Pick<Log, 'append'>;
  readonly codec: EventCodec;
  readonly clock: Clock;
}

export class PushJobQueue {
  readonly #log: Pick<Log, 'append'>;
  readonly #codec: EventCodec;
  readonly #clock: Clock;

  constructor({ log, codec, clock }: PushJobQueueDependencies) {
    this.#log = log;
    this.#codec = codec;
    this.#clock = clock;
  }

  /**
   * Resolves when the log holds every job durably.
   * @throws ParleyError of the log; some of the jobs may be in the log, so the same list is to be enqueued again
   */
  async enqueue(jobs: readonly PushJob[]): Promise<void> {
    for (let start = 0; start < jobs.length; start += maxJobsInFlight) {
      const timestampMs = this.#clock.nowMs();
      const requests: AppendRequest[] = jobs.slice(start, start + maxJobsInFlight).map((job) => ({
        topic: topics.pushJobs,
        key: job.recipient_user_id,
        value: this.#codec.encode('push_job', job),
        timestampMs,
      }));
      await appendAll(this.#log, requests);
    }
  }
}
