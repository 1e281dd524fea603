/**
 * One write to the network for all that a socket is sent in one turn of the event loop.
 *
 * Under load a turn brings many frames for one device: acknowledgements of a group of appends, a batch of deliveries. Each alone
 * would be a system call, which costs more than everything else that the gateway does for it. So sessions collect what they are
 * sent, and a microtask at the end of the turn sends it corked. Nothing waits longer than the turn.
 */
export interface TurnSender {
  /** How many messages wait. */
  readonly waitingCount: number;
  /** Sends what waits. */
  sendWaiting(): void;
  /** Runs it corked. */
  cork(run: () => void): void;
}

export class TurnFlush {
  #senders: TurnSender[] = [];
  #current: TurnSender | null = null;
  readonly #flushAll = (): void => {
    const senders = this.#senders;
    this.#senders = [];
    for (const sender of senders) this.flush(sender);
  };
  /** One function for all senders, so that none needs a closure of its own. */
  readonly #sendCurrent = (): void => this.#current?.sendWaiting();

  /** It has begun to collect what it is sent. */
  add(sender: TurnSender): void {
    if (this.#senders.length === 0) queueMicrotask(this.#flushAll);
    this.#senders.push(sender);
  }

  flush(sender: TurnSender): void {
    if (sender.waitingCount > 1) {
      this.#current = sender;
      sender.cork(this.#sendCurrent);
      this.#current = null;
    } else {
      sender.sendWaiting();
    }
  }
}
