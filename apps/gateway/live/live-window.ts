/** The live messages that a device has been sent and has not acknowledged: a short list in the order of sending. */
import type { LiveMessage } from './live-message.ts';

export class LiveWindow {
  readonly #messages: LiveMessage[] = [];

  get size(): number {
    return this.#messages.length;
  }

  add(message: LiveMessage): void {
    this.#messages.push(message);
  }

  /** Forgets what the device says that it has. */
  acknowledge(conversationId: string, seq: number): void {
    this.#keep((message) => message.seq > seq || message.conversationId !== conversationId);
  }

  /** Takes out what was sent at or before the time, oldest first, at most so many. */
  takeSentBefore(timeMs: number, limit: number): readonly LiveMessage[] {
    let count = 0;
    while (count < this.#messages.length && count < limit && this.#messages[count]!.takenAtMs <= timeMs) count++;
    return count === 0 ? [] : this.#messages.splice(0, count);
  }

  takeAll(): readonly LiveMessage[] {
    return this.#messages.splice(0);
  }

  /** In place: acknowledgements come as often as messages. */
  #keep(stays: (message: LiveMessage) => boolean): void {
    let kept = 0;
    for (let i = 0; i < this.#messages.length; i++) {
      const message = this.#messages[i]!;
      if (stays(message)) this.#messages[kept++] = message;
    }
    this.#messages.length = kept;
  }
}
