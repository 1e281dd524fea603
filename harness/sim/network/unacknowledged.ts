/** The live messages of one connection that its gateway was not told of yet, seen from the wire: what a slow device costs it. */
import { decodeFrame, frameCodes } from '@parley/schemas/codec/frame-codec';

interface OnItsWay {
  readonly conversationId: string;
  readonly seq: number;
  readonly sentAtMs: number;
}

/** After so long a gateway gives a message to push, and its place in the window to another. */
const expiresAfterMs = 10_000;

export class Unacknowledged {
  #messages: OnItsWay[] = [];
  /** By conversation: a device may have said that it has what comes only then, live, because a page brought it. */
  readonly #heardSeqs = new Map<string, number>();
  /** The most that there were at once. */
  most = 0;

  sent(frame: Buffer, nowMs: number): void {
    if (frame[0] !== frameCodes.message) return;
    const { name, body } = decodeFrame(frame);
    if (name !== 'message') return;
    const { conversation_id: conversationId, seq } = body.message;
    if (seq <= (this.#heardSeqs.get(conversationId) ?? 0)) return;
    this.#messages = this.#messages.filter(({ sentAtMs }) => nowMs - sentAtMs < expiresAfterMs);
    this.#messages.push({ conversationId, seq, sentAtMs: nowMs });
    this.most = Math.max(this.most, this.#messages.length);
  }

  heard(frame: Buffer): void {
    if (frame[0] !== frameCodes.delivered && frame[0] !== frameCodes.read) return;
    const { name, body } = decodeFrame(frame);
    if (name !== 'delivered' && name !== 'read') return;
    const heardSeq = this.#heardSeqs.get(body.conversation_id) ?? 0;
    this.#heardSeqs.set(body.conversation_id, Math.max(heardSeq, body.seq));
    this.#messages = this.#messages.filter(
      ({ conversationId, seq }) => conversationId !== body.conversation_id || seq > body.seq,
    );
  }
}
