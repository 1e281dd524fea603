/** Turns messages that a device did not acknowledge into push jobs (design rule 14). */
import type { PushJob } from '@parley/schemas/generated/events';
import { isCountable } from '@parley/streams/conversation/rules';
import { jobFor } from '@parley/streams/push/push-jobs';
import type { Connection } from '../connection.ts';
import type { LiveMessage } from './live-message.ts';
import type { PushOutbox } from './push-outbox.ts';

export class MissedMessages {
  readonly #outbox: PushOutbox;

  constructor(outbox: PushOutbox) {
    this.#outbox = outbox;
  }

  get room(): number {
    return this.#outbox.room;
  }

  /** True if the device would be notified of the message: nobody is of their own, or of a change to another message. */
  isFor(connection: Connection, message: LiveMessage): boolean {
    return message.senderId !== connection.userId && isCountable(message.messageType);
  }

  jobs(connection: Connection, messages: readonly LiveMessage[], nowMs: number): PushJob[] {
    const jobs: PushJob[] = [];
    for (const message of messages) {
      if (!this.isFor(connection, message)) continue;
      jobs.push(
        jobFor({
          recipientUserId: connection.userId,
          recipientDeviceId: connection.deviceId,
          platform: null,
          senderUserId: message.senderId,
          conversationId: message.conversationId,
          messageId: message.messageId,
          seq: message.seq,
          preview: message.preview,
          reason: 'unacknowledged',
          enqueuedAtMs: nowMs,
          expiresAtMs: null,
        }),
      );
    }
    return jobs;
  }

  /** For a connection that lives on; the caller made sure that there is room. */
  push(connection: Connection, messages: readonly LiveMessage[], nowMs: number): void {
    void this.#outbox.submit(this.jobs(connection, messages, nowMs));
  }
}
