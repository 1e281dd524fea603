/**
 * ✓, ✓✓ and blue ✓✓ of this device's own messages, from the watermarks of the other member (1:1) or of everybody (groups).
 *
 * Only messages that are not read yet are remembered, and at most `maxTracked` a conversation: an older one is read, or its status
 * can be asked for with a receipt query.
 */
import type { ReceiptKind } from '@parley/schemas/generated/wire';
import type { MessageStatus } from './events.ts';

interface OwnMessage {
  readonly messageId: string;
  readonly seq: number;
  status: MessageStatus;
}

export interface StatusChange {
  readonly messageId: string;
  readonly seq: number;
  readonly status: MessageStatus;
}

export class Statuses {
  readonly #maxTracked: number;
  readonly #own = new Map<string, OwnMessage[]>();

  constructor(maxTracked: number) {
    this.#maxTracked = maxTracked;
  }

  sent(conversationId: string, messageId: string, seq: number): StatusChange {
    const own = this.#own.get(conversationId) ?? [];
    this.#own.set(conversationId, own);
    own.push({ messageId, seq, status: 'sent' });
    if (own.length > this.#maxTracked) own.shift();
    return { messageId, seq, status: 'sent' };
  }

  /** Conversations that wait for receipts: ask for them after a reconnect. */
  waiting(): string[] {
    return [...this.#own.keys()];
  }

  /** This user may not know any more. */
  forget(conversationId: string): void {
    this.#own.delete(conversationId);
  }

  /** The others have received, or read, everything up to seq. */
  advance(conversationId: string, kind: ReceiptKind, seq: number): StatusChange[] {
    const own = this.#own.get(conversationId);
    if (own === undefined) return [];
    const changes: StatusChange[] = [];
    for (const message of own) {
      if (message.seq > seq || message.status === 'read' || message.status === kind) continue;
      message.status = kind;
      changes.push({ messageId: message.messageId, seq: message.seq, status: kind });
    }
    const left = own.filter((message) => message.status !== 'read');
    if (left.length === 0) this.#own.delete(conversationId);
    else this.#own.set(conversationId, left);
    return changes;
  }
}
