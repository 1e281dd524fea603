/** A processor: the production app on simulated adapters, wired as apps/processor/main.ts wires it. */
import { createProcessor, type Processor } from '@parley/processor/processor';
import { BatchingLink, defaultLinkSettings } from '@parley/streams/delivery/batching-link';
import type { Log } from '@parley/streams/log/log';
import type { Life } from '../environment/life.ts';
import { ServerProcess } from './server-process.ts';

export class ProcessorProcess extends ServerProcess {
  #processor: Processor | null = null;
  #link: BatchingLink | null = null;
  #log: Log | null = null;

  protected override begin(life: Life, log: Log): void {
    const { world } = this;
    const metrics = world.newMetrics();
    const logger = world.loggerOf(life);
    const random = world.random.fork(life.name);
    const transport = world.deliveries.transportOf(life);
    this.#log = log;
    this.#link = new BatchingLink(transport, { timers: life, random, metrics, logger }, defaultLinkSettings);
    this.#processor = createProcessor({
      log,
      codec: world.codec,
      projections: world.projectionsOf(life, metrics),
      sessions: world.sessionsOf(life),
      link: this.#link,
      devices: world.directoryOf(life),
      dataKeys: world.dataKeysOf(life),
      presence: world.presenceOf(life),
      clock: life,
      timers: life,
      metrics,
      logger,
    });
    void this.#processor.start();
  }

  protected override async end(): Promise<void> {
    await this.#processor?.close();
    await this.#link?.close();
    await this.#log?.close();
  }
}
