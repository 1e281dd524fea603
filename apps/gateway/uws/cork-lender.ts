/**
 * Upgrades a response without corking it, which uWebSockets.js demands (it prints a warning for each that is not) and gets wrong.
 *
 * Its `response.cork` looks at the response again after the handler. If that was upgraded and its memory was not moved, which is
 * the rule, it reads the flags of an HTTP request where a WebSocket is now, and closes the WebSocket if they happen to say so: one
 * in some thousands, right after it has opened (uNetworking/uWebSockets#1929). Only one socket of a loop can be corked, and
 * a `cork` while another holds it just calls its handler. So the response is upgraded while some open WebSocket holds the cork. Only
 * where there is none, as for the first connection of a gateway, the response is corked itself.
 */
import type uWS from 'uWebSockets.js';

/** An open WebSocket. */
export interface Corkable {
  cork(run: () => void): void;
}

export class CorkLender {
  #lender: Corkable | null = null;

  opened(socket: Corkable): void {
    this.#lender ??= socket;
  }

  closed(socket: Corkable): void {
    if (this.#lender === socket) this.#lender = null;
  }

  /** A frame came from it, so it is there: it takes the place of a lender that has left. */
  heard(socket: Corkable): void {
    this.#lender ??= socket;
  }

  run(response: Pick<uWS.HttpResponse, 'cork'>, upgrade: () => void): void {
    const corked = (): void => {
      response.cork(upgrade);
    };
    if (this.#lender === null) corked();
    else this.#lender.cork(corked);
  }
}
