/** What a connection's gateway keeps of one conversation: up to where the device was served, and what it said it has. */
import type { ReceiptKind } from '@parley/schemas/generated/events';
import type { LiveMessage } from './live-message.ts';

/** One of the device's two watermarks of a conversation, on its way into the log. */
export class Watermark {
  readonly kind: ReceiptKind;
  /** Highest seq that the device said on this connection, or an earlier one that was looked up. */
  saidSeq = 0;
  ordinal = 0;
  saidAtMs = 0;
  /** True while saidSeq is not on its way into the log. */
  isPending = false;
  /** Tick of the last append: one a second (design rule 18). */
  appendedTick = -1;
  /** True once saidSeq is known to be no lower than what earlier connections of the device said. */
  isFloorKnown = false;
  /** Of `read`: for the user alone, who sends no read receipts. */
  isPrivate = false;

  constructor(kind: ReceiptKind) {
    this.kind = kind;
  }
}

export class ConversationMark {
  readonly conversationId: string;
  usedAtMs: number;
  /** False once the mark was given up for another conversation's, or its connection ended. */
  isKept = true;
  /** Highest seq of the conversation that is known to be projected and the user's to see; 0: not known. */
  projectedSeq = 0;
  /** The device was sent, or told in a page, everything up to here, but for gaps that it can see. */
  handedSeq = 0;
  /** The newest message sent live. */
  newest: LiveMessage | null = null;
  /** Above 0: live messages are left out until a page covers this seq. */
  quietUpToSeq = 0;
  /** Pages in a row that were read too early to end the quiet. */
  pagesBehind = 0;
  /** Highest seq that was left out and neither acknowledged nor given to push; 0: none. */
  leftOutSeq = 0;
  /** When the oldest of those was left out, or a page with all of them was sent. */
  leftOutAtMs = 0;
  /** The newest of those that the user would be notified of. */
  leftOut: LiveMessage | null = null;
  readonly delivered = new Watermark('delivered');
  readonly read = new Watermark('read');

  constructor(conversationId: string, usedAtMs: number) {
    this.conversationId = conversationId;
    this.usedAtMs = usedAtMs;
  }
}
