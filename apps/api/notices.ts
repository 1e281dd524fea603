/**
 * Frames from the API to the devices of users who are online: hints that something changed.
 *
 * A notice is sent after what it tells of is in SQL, and it is never the only way to learn of it: a device that was offline, or
 * that the notice did not reach, asks for the state itself. So nothing that goes wrong on the way fails the request.
 */
import type { Routable, RouteResult } from '@parley/streams/delivery/delivery';
import type { Router } from '@parley/streams/delivery/router';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';

export interface NoticesDependencies {
  readonly router: Pick<Router, 'route'>;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export type Notice = Omit<Routable, 'position'>;

export class Notices {
  readonly #router: Pick<Router, 'route'>;
  readonly #logger: Logger;
  readonly #lost: Counter;

  constructor({ router, logger, metrics }: NoticesDependencies) {
    this.#router = router;
    this.#logger = logger;
    this.#lost = new Counter({
      name: 'parley_api_notices_lost_total',
      help: 'Notices to devices that were given up because the sessions could not be asked',
      registers: [metrics],
    });
  }

  /** Resolves once every gateway has answered or was given up, to who was reached; to null if nobody could be looked up. */
  async send(notices: readonly Notice[]): Promise<RouteResult | null> {
    try {
      return await this.#router.route(notices.map((notice) => ({ ...notice, position: null })));
    } catch (error) {
      this.#lost.inc(notices.length);
      this.#logger.warn({ err: error, notices: notices.length }, 'notices to devices were lost');
      return null;
    }
  }
}
