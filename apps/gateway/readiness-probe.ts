/**
 * Finds out when the log takes appends again.
 *
 * A log that refused an append, because this clock is ahead of its own (design rule 2) or because it was away, is ready again once
 * an append succeeds. But a gateway that is not ready is given no connections, so it might have nothing to append, and
 * stay so for ever. So it tries with an event that means nothing: that nobody, the nil UUID, is offline.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Append, Log } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import type { Logger } from 'pino';

const nobody = '00000000-0000-0000-0000-000000000000';
const intervalMs = 5_000;

export interface ReadinessProbeDependencies {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class ReadinessProbe {
  readonly #on: ReadinessProbeDependencies;
  readonly #gatewayId: string;
  #isUnderWay = false;
  #triedAtMs = Number.NEGATIVE_INFINITY;

  constructor(dependencies: ReadinessProbeDependencies, gatewayId: string) {
    this.#on = dependencies;
    this.#gatewayId = gatewayId;
  }

  tick(): void {
    const { log, clock, logger } = this.#on;
    const nowMs = clock.nowMs();
    if (log.isReady() || this.#isUnderWay || nowMs - this.#triedAtMs < intervalMs) return;
    this.#triedAtMs = nowMs;
    this.#isUnderWay = true;
    const failed = (error: unknown): void => {
      this.#isUnderWay = false;
      const errorCode = error instanceof ParleyError ? error.code : 'internal';
      logger.warn({ errorCode }, 'not ready: the log takes no appends of this gateway');
    };
    try {
      log.append(this.#record(nowMs, failed));
    } catch (error) {
      failed(error);
    }
  }

  #record(nowMs: number, failed: (error: ParleyError) => void): Append {
    const value = this.#on.codec.encode('presence_changed', {
      ...{ user_id: nobody, device_id: nobody, connection_id: 0, gateway_id: this.#gatewayId },
      ...{ status: 'offline', at_ms: nowMs, swept: false },
    });
    const appended = (): void => {
      this.#isUnderWay = false;
      this.#on.logger.info('the log takes appends of this gateway again');
    };
    return { topic: topics.presence, key: nobody, partitionKey: null, value, timestampMs: nowMs, appended, failed };
  }
}
