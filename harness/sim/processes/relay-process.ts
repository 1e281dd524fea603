/** A relay of the directory: the production code, an outbox a network away. */
import type { RelayedOutbox } from '@parley/projections/directory/outbox/outbox';
import { OutboxRelay } from '@parley/projections/directory/outbox/relay';
import type { Log } from '@parley/streams/log/log';
import type { Life } from '../environment/life.ts';
import type { Remote } from '../environment/remote.ts';
import { ServerProcess } from './server-process.ts';

export class RelayProcess extends ServerProcess {
  #relay: OutboxRelay | null = null;
  #log: Log | null = null;

  protected override begin(life: Life, log: Log): void {
    const { world } = this;
    this.#log = log;
    this.#relay = new OutboxRelay({
      outbox: remoteOutbox(world.relay.outbox, world.remotes.directory, life),
      log,
      codec: world.codec,
      clock: life,
      timers: life,
      random: world.random.fork(`relay ${life.name}`),
      metrics: world.newMetrics(),
      logger: world.loggerOf(life),
    });
    this.#relay.start();
  }

  /** As the process asks that has committed a change. */
  ask(conversationId: string): void {
    this.life?.enter(() => void this.#relay?.relay(conversationId));
  }

  protected override async end(): Promise<void> {
    await this.#relay?.close();
    await this.#log?.close();
  }
}

function remoteOutbox(outbox: RelayedOutbox, remote: Remote, life: Life): RelayedOutbox {
  const ask = <T>(answer: () => Promise<T>): Promise<T> => remote.call(life, answer).then((answered) => answered);
  return {
    waiting: (after, limit) => ask(() => outbox.waiting(after, limit)),
    claim: (lease) => ask(() => outbox.claim(lease)),
    release: (id, holder, atMs) => ask(() => outbox.release(id, holder, atMs)),
    unsent: (id, limit) => ask(() => outbox.unsent(id, limit)),
    markSent: (id, upTo, nowMs) => ask(() => outbox.markSent(id, upTo, nowMs)),
    isSent: (id, version) => ask(() => outbox.isSent(id, version)),
    backlog: (limit) => ask(() => outbox.backlog(limit)),
    forget: (beforeMs, limit) => ask(() => outbox.forget(beforeMs, limit)),
  };
}
