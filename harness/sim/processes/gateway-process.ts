/** A gateway: the production core behind a simulated network, wired as apps/gateway/main.ts wires it. */
import { GatewayCore } from '@parley/gateway/core';
import { defaultGatewaySettings, type GatewaySettings } from '@parley/gateway/settings';
import { CachedPrivacy } from '@parley/projections/directory/privacy.cached';
import { MemoryMessageRateLimiter } from '@parley/projections/limits/limits.memory';
import { BatchingLink, defaultLinkSettings } from '@parley/streams/delivery/batching-link';
import type { Log } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { PushJobQueue } from '@parley/streams/push/push-jobs';
import type { Life } from '../environment/life.ts';
import type { GatewayEnd } from '../network/device-connection.ts';
import type { World } from '../world.ts';
import { ServerProcess } from './server-process.ts';

/** They reserve their room when a process starts, and processes start often here. */
const smallCaches = { maxCachedMembers: 1_000, maxCachedUsers: 1_000, maxCachedPresences: 100 };
const smallPrivacy = { maxUsers: 100, maxPairs: 100 };

export class GatewayProcess extends ServerProcess {
  readonly #settings: GatewaySettings;
  #end: GatewayEnd | null = null;
  #link: BatchingLink | null = null;

  constructor(world: World, name: string, settings: Partial<GatewaySettings>) {
    super(world, name);
    this.#settings = { ...defaultGatewaySettings(name), ...smallCaches, ...settings };
  }

  get url(): string {
    return `ws://${this.name}`;
  }

  /** Null while nobody listens. */
  get listening(): GatewayEnd | null {
    return this.isUp ? this.#end : null;
  }

  protected override begin(life: Life, log: Log): void {
    const { world } = this;
    const { codec } = world;
    const metrics = world.newMetrics();
    const projections = world.projectionsOf(life, metrics);
    const limit = { limit: this.#settings.messagesPerMinute, windowMs: 60_000 };
    const others = {
      timers: life,
      random: world.random.fork(`link of ${life.name}`),
      metrics,
      logger: world.loggerOf(life),
    };
    this.#link = new BatchingLink(world.deliveries.transportOf(life), others, defaultLinkSettings);
    const core = new GatewayCore(
      {
        log,
        codec,
        sessions: world.sessionsOf(life),
        revocations: world.revocationsOf(life),
        presence: world.presenceOf(life),
        members: projections.members,
        messages: projections.messageLookup,
        inbox: projections.inbox,
        receipts: projections.receipts,
        history: projections.history,
        users: world.directoryOf(life),
        tokens: world.tokens,
        privacy: new CachedPrivacy({ source: world.privacyOf(life), clock: life, ...smallPrivacy }),
        link: this.#link,
        limiter: new MemoryMessageRateLimiter({ clock: life, limit }),
        dataKeys: world.dataKeysOf(life),
        pushJobs: new PushJobQueue({ log, codec, clock: life }),
        clock: life,
        timers: life,
        random: world.random.fork(life.name),
        logger: world.loggerOf(life),
        metrics,
      },
      this.#settings,
      world.partitionsOf(topics.presence),
    );
    this.#end = { life, core };
  }

  protected override async end(): Promise<void> {
    const end = this.#end;
    if (end === null) return;
    await end.core.drain();
    await end.core.stop();
    await this.#link?.close();
  }
}
