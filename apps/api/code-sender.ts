/** How a one-time code reaches a phone. In development it is printed; in production an operator's own bridge to an SMS provider sends it. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Logger } from 'pino';

export interface CodeSender {
  /**
   * @param phoneNumber E.164
   * @throws ParleyError `unavailable`
   */
  send(phoneNumber: string, code: string, expiresAtMs: number): Promise<void>;
}

/** Prints the code, with the end of the number. For development: whoever reads the log can register as anybody. */
export class LoggedCodeSender implements CodeSender {
  readonly #logger: Logger;

  constructor(logger: Logger, environment: { readonly production: boolean }) {
    if (environment.production) throw new Error('one-time codes are never logged in production');
    this.#logger = logger;
  }

  async send(phoneNumber: string, code: string): Promise<void> {
    this.#logger.info(`one-time code for …${phoneNumber.slice(-3)}: ${code}`);
  }
}

const webhookTimeoutMs = 5_000;
const retryAfterMs = 5_000;

export interface WebhookCodeSenderOptions {
  readonly url: string;
  /** Sent as a bearer token. */
  readonly secret: string;
  readonly fetch: typeof fetch;
}

/** POSTs `{ phone_number, code, expires_at_ms }` to a URL of the operator's; any 2xx means that the message is on its way. */
export class WebhookCodeSender implements CodeSender {
  readonly #options: WebhookCodeSenderOptions;

  constructor(options: WebhookCodeSenderOptions) {
    this.#options = options;
  }

  async send(phoneNumber: string, code: string, expiresAtMs: number): Promise<void> {
    const { url, secret } = this.#options;
    let status: number;
    try {
      const response = await this.#options.fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
        body: JSON.stringify({ phone_number: phoneNumber, code, expires_at_ms: expiresAtMs }),
        signal: AbortSignal.timeout(webhookTimeoutMs),
        redirect: 'error',
      });
      status = response.status;
      await response.body?.cancel();
    } catch (error) {
      throw new ParleyError('unavailable', { detail: 'code sender', retryAfterMs, cause: error });
    }
    if (status < 200 || status > 299) {
      throw new ParleyError('unavailable', { detail: `code sender answered ${status}`, retryAfterMs });
    }
  }
}
