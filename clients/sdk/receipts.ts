/**
 * What receipts mean for this device's own messages: ✓✓ once every other current member has one, blue once all have read it.
 *
 * In a group one member's receipt says nothing of the others, so their watermarks are asked for; of a large group the server tells up
 * to where all the others are. What came before somebody joined is not theirs to receive.
 */
import { hasCode } from '@parley/schemas/errors/parley-error';
import type { MemberReceipt, ReceiptFrame, ReceiptKind } from '@parley/schemas/generated/wire';
import { isDirectConversationId } from '@parley/schemas/identity/conversation-id';
import type { StatusChange, Statuses } from './statuses.ts';

export interface ReceiptsPort {
  readonly userId: string;
  watermarks(conversationId: string): Promise<readonly MemberReceipt[]>;
  changed(conversationId: string, change: StatusChange): void;
  failed(error: unknown): void;
}

export class Receipts {
  readonly #port: ReceiptsPort;
  readonly #statuses: Statuses;

  constructor(port: ReceiptsPort, statuses: Statuses) {
    this.#port = port;
    this.#statuses = statuses;
  }

  sent(conversationId: string, messageId: string, seq: number): void {
    this.#port.changed(conversationId, this.#statuses.sent(conversationId, messageId, seq));
  }

  received({ conversation_id: conversationId, user_id: userId, kind, seq }: ReceiptFrame): void {
    if (userId === this.#port.userId) return;
    if (isDirectConversationId(conversationId)) this.advance(conversationId, kind, seq);
    else if (this.#statuses.waiting().includes(conversationId)) {
      // If that fails, the next receipt or sync asks again.
      this.#refresh(conversationId).catch((error: unknown) => this.#port.failed(error));
    }
  }

  /** The others have received, or read, everything up to seq. */
  advance(conversationId: string, kind: ReceiptKind, seq: number): void {
    for (const change of this.#statuses.advance(conversationId, kind, seq)) this.#port.changed(conversationId, change);
  }

  /** Receipts that were missed are not told again. @throws ParleyError what a query throws */
  async refresh(): Promise<void> {
    for (const conversationId of this.#statuses.waiting()) await this.#refresh(conversationId);
  }

  async #refresh(conversationId: string): Promise<void> {
    const members = await this.#port.watermarks(conversationId).catch((error: unknown) => {
      if (!hasCode(error, 'not_found')) throw error;
      this.#statuses.forget(conversationId); // This user is not in it any more: nobody will tell.
      return [];
    });
    const others = members.filter((member) => member.user_id !== this.#port.userId);
    if (others.length === 0) return;
    const all = (seqOf: (member: MemberReceipt) => number): number =>
      Math.min(...others.map((member) => Math.max(seqOf(member), member.joined_seq - 1)));
    const delivered = all((member) => Math.max(member.delivered_seq, member.read_seq));
    this.advance(conversationId, 'delivered', delivered);
    this.advance(
      conversationId,
      'read',
      all((member) => member.read_seq),
    );
  }
}
