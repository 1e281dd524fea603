/**
 * Thousands of connected and silent devices: bare sockets that make the WebSocket handshake, read what comes and say nothing.
 *
 * Each is a user of its own, with an access token signed by the server's own key, so that ten thousand registrations need not be made.
 */
import { connect, type Socket } from 'node:net';
import { AccessTokenIssuer } from '@parley/projections/directory/access-tokens';
import { systemClock } from '@parley/schemas/environment/system';
import { inParallel } from '@parley/streams/processors/in-parallel';
import { handshake } from './handshake.ts';

const maxHandshakes = 64;

export class IdleSockets {
  readonly #issuer: AccessTokenIssuer;
  readonly #urls: readonly URL[];
  readonly #sockets: Socket[] = [];
  #ended = 0;

  constructor(gatewayUrls: readonly string[], privateKeyPem: string) {
    this.#issuer = new AccessTokenIssuer({ clock: systemClock, privateKeyPem });
    this.#urls = gatewayUrls.map((url) => new URL(url));
  }

  /** Connections that the server has not ended. */
  get connected(): number {
    return this.#sockets.length - this.#ended;
  }

  async open(count: number): Promise<void> {
    const indexes = Array.from({ length: count }, (_, index) => index);
    await inParallel(indexes, maxHandshakes, (index) => this.#open(this.#urls[index % this.#urls.length]!));
  }

  async #open({ hostname, port }: URL): Promise<void> {
    const { accessToken } = await this.#issuer.issue(crypto.randomUUID(), crypto.randomUUID());
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await handshake(socket, hostname, accessToken);
    socket.on('close', () => {
      this.#ended++;
    });
    socket.on('error', () => undefined); // Close follows, and is counted.
    socket.resume();
    this.#sockets.push(socket);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
