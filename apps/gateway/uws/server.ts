/**
 * The network side of a gateway: one uWebSockets.js app with the WebSocket endpoint and two probes.
 *
 * uWebSockets.js enforces what must hold before a frame reaches the core: the size of a message (a larger one ends the
 * connection), the size of a socket's buffer (a fuller one ends it too; without closeOnBackpressureLimit it would drop
 * silently), text that is UTF-8. It is told to have no idle timeout of its own: the gateway's tick decides (design rule 17).
 */

import uWS from 'uWebSockets.js';
import type { Logger } from 'pino';
import type { GatewayCore } from '../core.ts';
import { CorkLender } from './cork-lender.ts';
import type { SessionData, UwsWebSocket } from './session.ts';
import { TurnFlush } from './turn-flush.ts';
import { upgrade } from './upgrade.ts';

export const connectPath = '/v1/connect';

export class UwsServer {
  readonly #core: GatewayCore;
  readonly #logger: Logger;
  readonly #app: uWS.TemplatedApp;
  #listening: uWS.us_listen_socket | null = null;

  constructor(core: GatewayCore, logger: Logger) {
    this.#core = core;
    this.#logger = logger;
    this.#app = uWS.App();
    this.#app.ws<SessionData>(connectPath, this.#behavior());
    this.#app.get('/healthz', (response) => answer(response, '200 OK', 'ok\n'));
    this.#app.get('/readyz', (response) => {
      if (core.isReady()) answer(response, '200 OK', 'ready\n');
      else answer(response, '503 Service Unavailable', 'not ready\n');
    });
    this.#app.any('/*', (response) => answer(response, '404 Not Found', 'not found\n'));
  }

  /** Resolves to the port. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#app.listen(host, port, (socket) => {
        if (socket === false) {
          reject(new Error(`cannot listen on ${host}:${port}`));
          return;
        }
        this.#listening = socket;
        resolve(uWS.us_socket_local_port(socket));
      });
    });
  }

  /** Ends the listening socket and whatever is still connected. */
  close(): void {
    if (this.#listening !== null) uWS.us_listen_socket_close(this.#listening);
    this.#listening = null;
    this.#app.close();
  }

  #behavior(): uWS.WebSocketBehavior<SessionData> {
    const core = this.#core;
    const turn = new TurnFlush();
    const lender = new CorkLender();
    const { maxFrameBytes, maxBackpressureBytes } = core.settings;
    return {
      maxPayloadLength: maxFrameBytes,
      maxBackpressure: maxBackpressureBytes,
      // The types say number, the binding reads a boolean.
      closeOnBackpressureLimit: 1,
      idleTimeout: 0,
      sendPingsAutomatically: false,
      compression: uWS.DISABLED,
      upgrade: (response, request, context) => {
        void upgrade(core, response, request, context, { turn, lender });
      },
      open: (ws) => {
        const { session } = ws.getUserData();
        session.opened(ws);
        lender.opened(session);
        const { admission } = session;
        session.admission = null;
        if (admission !== null) session.connection = core.open(admission, session);
      },
      message: (ws, message, isBinary) => {
        const { session } = ws.getUserData();
        lender.heard(session);
        if (session.connection !== null) this.#receive(session.connection, message, isBinary);
      },
      ping: (ws) => heard(core, ws),
      pong: (ws) => heard(core, ws),
      drain: (ws) => {
        const { connection } = ws.getUserData().session;
        if (connection !== null) core.drained(connection);
      },
      close: (ws) => {
        const { session } = ws.getUserData();
        session.closed();
        lender.closed(session);
        if (session.connection !== null) core.ended(session.connection);
      },
    };
  }

  /** A defect in handling one frame must not reach the native caller: it would end the process, and every connection with it. */
  #receive(connection: Parameters<GatewayCore['receive']>[0], message: ArrayBuffer, isBinary: boolean): void {
    try {
      this.#core.receive(connection, Buffer.from(message), isBinary);
    } catch (error) {
      this.#logger.error({ err: error }, 'a frame broke its handler');
      this.#core.close(connection, 'internal');
    }
  }
}

function heard(core: GatewayCore, ws: UwsWebSocket): void {
  const { connection } = ws.getUserData().session;
  if (connection !== null) core.heard(connection);
}

function answer(response: uWS.HttpResponse, status: string, body: string): void {
  response.writeStatus(status).writeHeader('content-type', 'text/plain; charset=utf-8').end(body);
}
