/** A pusher: the production app with a provider that writes down what it is given. */
import { createPusher, type Pusher } from '@parley/pusher/pusher';
import type { Log } from '@parley/streams/log/log';
import type { Life } from '../environment/life.ts';
import { ServerProcess } from './server-process.ts';

export class PusherProcess extends ServerProcess {
  #pusher: Pusher | null = null;
  #log: Log | null = null;

  protected override begin(life: Life, log: Log): void {
    const { world } = this;
    const metrics = world.newMetrics();
    const projections = world.projectionsOf(life, metrics);
    this.#log = log;
    this.#pusher = createPusher({
      log,
      codec: world.codec,
      recipients: world.directoryOf(life),
      watermarks: projections.receipts,
      inbox: projections.inboxLookup,
      provider: world.providerOf(life),
      clock: life,
      metrics,
    });
    void this.#pusher.start();
  }

  protected override async end(): Promise<void> {
    await this.#pusher?.close();
    await this.#log?.close();
  }
}
