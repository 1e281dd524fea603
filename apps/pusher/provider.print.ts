/** Prints notifications as log lines, instead of sending them: for development and tests. */
import type { Logger } from 'pino';
import type { Notification, PushOutcome, PushProvider } from './provider.ts';

export class PrintProvider implements PushProvider {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  send({ token: _private, ...printed }: Notification): Promise<PushOutcome> {
    this.#logger.info(printed, 'push');
    return Promise.resolve('sent');
  }
}
