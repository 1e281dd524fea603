import type { TimerHandle } from '@parley/schemas/environment/clock';
import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { appending } from '@parley/streams/log/contract/appending';
import { reading } from '@parley/streams/log/contract/reading';
import { sharing } from '@parley/streams/log/contract/sharing';
import { subscribing } from '@parley/streams/log/contract/subscribing';
import type { LogWorld } from '@parley/streams/log/contract/world';
import type { LogLimits } from '@parley/streams/log/limits';
import { afterEach, beforeEach, describe } from 'vitest';
import { Life } from '../environment/life.ts';
import { Remote } from '../environment/remote.ts';
import { SeededRandom } from '../environment/seeded-random.ts';
import { Broker } from './broker.ts';
import { Coordinator } from './coordinator.ts';
import { SimLog } from './sim-log.ts';

/** A process without timers of its own; the network goes on. */
class TimelessLife extends Life {
  override after(): TimerHandle {
    return { cancel: () => undefined };
  }
}

const oneTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** The suite waits in real time, so virtual time goes on by itself, a step each turn of the event loop. */
class SimLogWorld implements LogWorld {
  readonly #random = new SeededRandom(1);
  readonly #time = new VirtualTime(Date.now(), { settle: oneTurn });
  readonly #broker = new Broker(this.#time, this.#random.fork('broker'), () => undefined);
  readonly #remote = new Remote('log', this.#random.fork('log'), { mostDelayMs: 3, failure: 0, isDown: false });
  readonly #coordinators = new Map<string, Coordinator>();
  readonly #logs: SimLog[] = [];
  #isOver = false;
  log = this.#open(Life, {});

  constructor() {
    void this.#goOn();
  }

  async #goOn(): Promise<void> {
    while (!this.#isOver) await this.#time.advance(5);
  }

  #open(LifeClass: typeof Life, limits: Partial<LogLimits>): SimLog {
    const life = new LifeClass({ name: 'p', time: this.#time, skewMs: () => 0, crashed: () => undefined });
    const log = new SimLog({
      broker: this.#broker,
      remote: this.#remote,
      life,
      random: this.#random.fork(`log ${this.#logs.length}`),
      batchRecords: (most) => most,
      sessionMs: () => 1_000,
      observe: () => undefined,
      coordinatorOf: (group) => this.#coordinatorOf(group),
      limits,
    });
    this.#logs.push(log);
    return log;
  }

  #coordinatorOf(group: string): Coordinator {
    let coordinator = this.#coordinators.get(group);
    if (coordinator === undefined) {
      coordinator = new Coordinator(group, this.#broker, this.#time, this.#random.fork(group));
      coordinator.roundMs = 60_000;
      this.#coordinators.set(group, coordinator);
    }
    return coordinator;
  }

  async anotherReader(): Promise<SimLog> {
    return this.#open(Life, {});
  }

  async reopen(): Promise<SimLog> {
    await this.log.close();
    this.log = this.#open(Life, {});
    return this.log;
  }

  async withLimits(limits: Partial<LogLimits>): Promise<SimLog> {
    return this.#open(Life, limits);
  }

  async withoutTimers(): Promise<SimLog> {
    return this.#open(TimelessLife, {});
  }

  /** The durability of the suite is about a process of the machine; here it is what the broker has acknowledged. */
  writerArguments(): readonly string[] {
    return [];
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#logs.map((log) => log.close()));
    this.#isOver = true;
  }
}

describe('the simulated log', () => {
  let world: SimLogWorld;
  beforeEach(() => {
    world = new SimLogWorld();
  });
  afterEach(() => world.destroy());
  const now = (): LogWorld => world;
  describe('appending', () => appending(now));
  describe('reading', () => reading(now));
  describe('subscribing', () => subscribing(now));
  describe('sharing a group', () => sharing(now));
});
