/** Makes the faults of a plan happen, one after the other and on top of each other, and takes all of them back at the end. */
import { topics } from '@parley/streams/log/topics';
import type { Remote } from '../environment/remote.ts';
import type { SeededRandom } from '../environment/seeded-random.ts';
import type { FaultName, Plan } from '../plan.ts';
import type { Device } from '../processes/device.ts';
import type { ServerProcess } from '../processes/server-process.ts';
import type { World } from '../world.ts';

/** Faults that last from beginning to end. */
const lasting: ReadonlySet<FaultName> = new Set<FaultName>(['gateway_clocks', 'offset_gaps', 'slow_devices']);
const compactionTail = 4;
/** Dead letters are few: their topic is away as often as all others together. */
const topicsThatLoseLeaders = [
  ...[topics.messages, topics.receipts, topics.presence, topics.pushJobs],
  ...Array.from({ length: 4 }, () => topics.deadLetters),
];

export class Faults {
  readonly #world: World;
  readonly #plan: Plan;
  readonly #random: SeededRandom;
  #isRunning = true;

  constructor(world: World, plan: Plan) {
    this.#world = world;
    this.#plan = plan;
    this.#random = world.random.fork('faults');
  }

  start(): void {
    const { faults } = this.#plan;
    this.#world.sessionMs = this.#random.between(1_000, 10_000);
    for (const fault of faults) if (lasting.has(fault)) this.#befall(fault);
    const passing = [...faults].filter((fault) => !lasting.has(fault));
    if (passing.length > 0) this.#next(passing);
  }

  #next(passing: readonly FaultName[]): void {
    const delayMs = Math.ceil(-Math.log(1 - this.#random.next()) * this.#plan.faultEveryMs);
    this.#world.time.after(delayMs, () => {
      if (!this.#isRunning) return;
      const fault = this.#random.pick(passing);
      this.#world.trace.add('fault', fault);
      this.#befall(fault);
      this.#next(passing);
    });
  }

  #befall(fault: FaultName): void {
    this.#effects[fault]();
  }

  readonly #effects: Readonly<Record<FaultName, () => void>> = {
    crash_gateway: () => this.#crash(this.#random.pick(this.#world.gateways)),
    crash_processor: () => this.#crash(this.#random.pick(this.#world.processors)),
    crash_pusher: () => this.#crash(this.#random.pick([...this.#world.pushers, ...this.#world.relays])),
    freeze_gateway: () => this.#freeze(this.#random.pick(this.#world.gateways)),
    freeze_processor: () =>
      this.#freeze(this.#random.pick([...this.#world.processors, ...this.#world.pushers, ...this.#world.relays])),
    zombie_processor: () => this.#makeZombie(),
    rebalance: () => this.#random.pick(this.#world.coordinators)?.rebalance(),
    rolling_stop: () => this.#stop(this.#random.pick(this.#world.servers)),
    cql_errors: () => this.#errors(this.#world.remotes.cql),
    cql_slow: () => this.#slow(this.#world.remotes.cql),
    cql_down: () => this.#down(this.#world.remotes.cql),
    log_errors: () => this.#errors(this.#world.remotes.log),
    log_slow: () => this.#slow(this.#world.remotes.log),
    log_down: () => this.#down(this.#world.remotes.log),
    redis_errors: () => this.#errors(this.#world.remotes.redis),
    redis_down: () => this.#down(this.#world.remotes.redis),
    redis_flushed: () => this.#world.loseSessions(),
    directory_errors: () => this.#errors(this.#world.remotes.directory),
    cut_devices: () => this.#cutDevices(),
    stall_devices: () => this.#stallDevices(),
    cut_deliveries: () => this.#cutDeliveries(),
    stall_deliveries: () => this.#stallDeliveries(),
    slow_devices: () => this.#slowDevices(),
    lose_device_and_gateway: () => this.#loseDeviceAndGateway(),
    gateway_clocks: () => this.#skewGateways(),
    offset_gaps: () => {
      this.#world.broker.gaps = 0.2;
    },
    compaction: () => {
      for (const one of this.#world.broker.topic(topics.receipts).partitions) one.compact(compactionTail);
    },
    leaderless_topic: () => this.#loseLeader(),
    disk_full: () => this.#fillDisk(this.#random.pick(this.#world.people)),
  };

  #cutDevices(): void {
    for (const one of this.#world.devices.connections) if (this.#random.chance(0.5)) this.#cut(one);
  }

  #stallDevices(): void {
    for (const one of this.#world.devices.connections) {
      if (this.#random.chance(0.5)) one.up.stall(this.#random.between(100, 12_000));
      if (this.#random.chance(0.5)) one.down.stall(this.#random.between(100, 12_000));
    }
  }

  #cutDeliveries(): void {
    for (const one of this.#world.deliveries.streams) {
      // Cut without a word, the stream is silent until the link gives it up.
      if (this.#random.chance(0.5)) one.end('cut', this.#random.delay(2_000));
      else one.there.cut();
    }
  }

  #stallDeliveries(): void {
    for (const one of this.#world.deliveries.streams) {
      one.there.stall(this.#random.delay(4_000));
      one.back.stall(this.#random.delay(4_000));
    }
  }

  #slowDevices(): void {
    for (const one of this.#world.people) if (this.#random.chance(0.4)) one.rate = this.#random.between(150, 3_000);
  }

  /** A device dies for good without a word, and a moment later the gateway that still thinks it has it. */
  #loseDeviceAndGateway(): void {
    const { people, devices, gateways, time } = this.#world;
    if (people.some(({ isAsleep }) => isAsleep)) return; // Somebody must be left.
    const device = this.#random.pick(people.filter(({ isConnected }) => isConnected));
    const connection = [...devices.connections].findLast((one) => one.device === device?.life && !one.isOver);
    if (device === undefined || connection === undefined) return;
    devices.dyingInSilence.add(connection.device);
    device.fallAsleep();
    const gateway = gateways.find(({ life }) => life === connection.gateway.life);
    time.after(this.#random.between(4_000, 9_000), () => {
      if (gateway !== undefined && gateway.life === connection.gateway.life) this.#crash(gateway);
    });
  }

  #skewGateways(): void {
    for (const one of this.#world.gateways) one.skewMs = this.#random.between(-5_000, 5_050);
  }

  #cut(connection: { cutClient(afterMs: number): void; cutServer(afterMs: number): void }): void {
    if (this.#random.chance(0.8)) connection.cutClient(this.#random.delay(10_000));
    if (this.#random.chance(0.6)) connection.cutServer(this.#random.delay(20_000));
  }

  #crash(server: ServerProcess): void {
    if (this.#random.chance(0.7)) server.life?.aimCrash(this.#random.between(0, 40));
    else server.crash();
    this.#world.time.after(this.#random.between(300, 9_000), () => {
      if (this.#isRunning) server.crash();
      server.start();
    });
  }

  #stop(server: ServerProcess): void {
    void server.stop().then(() => this.#world.time.after(this.#random.between(100, 3_000), () => server.start()));
  }

  #freeze(server: ServerProcess): void {
    const { life } = server;
    if (life === null || !life.isAlive || life.isFrozen) return;
    const forMs = this.#random.between(200, 15_000);
    life.freeze();
    this.#world.trace.add(server.name, `is frozen for ${forMs} ms`);
    // Whoever is silent for longer than its session is taken for dead, and told when it wakes up.
    this.#world.time.after(Math.min(forMs, this.#world.sessionMs), () => {
      if (forMs >= this.#world.sessionMs && life.isFrozen) this.#world.takeForDead(life, 0);
    });
    this.#world.time.after(forMs, () => life.thaw());
  }

  #makeZombie(): void {
    const { life } = this.#random.pick(this.#world.processors);
    if (life?.isAlive === true) this.#world.takeForDead(life, this.#random.between(500, 20_000));
  }

  #errors({ faults }: Remote): void {
    faults.failure = this.#random.pick([0.01, 0.05, 0.2]);
    this.#later(20_000, () => {
      faults.failure = 0;
    });
  }

  #slow({ faults }: Remote): void {
    faults.mostDelayMs = this.#random.pick([50, 200, 900]);
    this.#later(20_000, () => {
      faults.mostDelayMs = calmDelayMs;
    });
  }

  #down({ faults }: Remote): void {
    faults.isDown = true;
    this.#later(12_000, () => {
      faults.isDown = false;
    });
  }

  /** Of all partitions of a topic, while the others go on. */
  #loseLeader(): void {
    const { leaderless } = this.#world.broker;
    const topic = this.#random.pick(topicsThatLoseLeaders);
    leaderless.add(topic);
    this.#later(12_000, () => leaderless.delete(topic));
  }

  #fillDisk(device: Device): void {
    device.room = this.#random.between(0, 2);
    this.#later(12_000, () => {
      device.room = null;
    });
  }

  #later(mostMs: number, run: () => void): void {
    this.#world.time.after(this.#random.between(100, mostMs), run);
  }

  /** Whatever was broken works again, and whoever was down comes up. */
  stop(): void {
    this.#isRunning = false;
    const { remotes, people, gateways, servers, broker } = this.#world;
    for (const { faults } of Object.values(remotes)) {
      faults.mostDelayMs = calmDelayMs;
      faults.failure = 0;
      faults.isDown = false;
    }
    broker.gaps = 0;
    broker.leaderless.clear();
    for (const device of people) device.room = null;
    this.#world.quickenLines();
    for (const gateway of gateways) gateway.skewMs = Math.max(-2_000, Math.min(2_000, gateway.skewMs));
    for (const server of servers) {
      server.life?.spare();
      server.life?.thaw();
      server.start();
    }
  }
}

const calmDelayMs = 8;
