/** The way to a device's notifications: FCM and APNs in production, printed in development. */
import type { Platform } from '@parley/schemas/generated/events';

/** What a provider is given: no body, and of the message no more than the preview that its sender chose. */
export interface Notification {
  readonly jobId: string;
  readonly recipientUserId: string;
  readonly recipientDeviceId: string;
  readonly platform: Platform;
  /** The provider's name for the device. Never logged. */
  readonly token: string;
  /** The sender's name; null for a summary. */
  readonly title: string | null;
  readonly text: string;
  readonly conversationId: string;
  readonly messageId: string | null;
  readonly seq: number;
}

/** `token_invalid`: the device will never be reached by this token. */
export type PushOutcome = 'sent' | 'token_invalid';

export interface PushProvider {
  /** @throws ParleyError that is retryable: the job is to be tried again */
  send(notification: Notification): Promise<PushOutcome>;
}
