/** What a message of the MLS key agreement says in clear, as the outbox keeps it, and as it travels. */
import type { MlsHeader, MlsKind } from '@parley/schemas/generated/wire';

export interface MlsMessage {
  readonly kind: MlsKind;
  /** In base64. */
  readonly groupId: string;
  readonly generation: number;
  readonly epoch: number;
  /** Of a commit: up to where this device had applied the conversation; 0 otherwise. */
  readonly afterSeq: number;
  /** Of a welcome: who alone is given its body; null otherwise. */
  readonly recipientId: string | null;
}

export function toMlsHeader(message: MlsMessage | null): MlsHeader | null {
  if (message === null) return null;
  return {
    kind: message.kind,
    group_id: Buffer.from(message.groupId, 'base64'),
    generation: message.generation,
    epoch: message.epoch,
    after_seq: message.afterSeq,
    recipient_id: message.recipientId,
  };
}
