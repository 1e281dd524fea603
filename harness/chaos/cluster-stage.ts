/** The cluster profile under chaos: services, processes and proxies of its own. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ReplayCommand, replayOn } from '../generations/replay-command.ts';
import { NativeCluster, ownPorts } from '../services/cluster.ts';
import type { NativeService } from '../services/native-service.ts';
import { libfaketime, provide } from '../services/system-packages.ts';
import { ToxiproxyService } from '../services/toxiproxy.ts';
import { repository } from '../test/program.ts';
import type { LogLine } from '../world/app-process.ts';
import { ClusterProcesses } from '../world/cluster-processes.ts';
import { prepareCluster } from '../world/prepare-cluster.ts';
import { settingsOf } from '../world/services-in-use.ts';
import { ChaosWorld } from './chaos-world.ts';
import { type ClusterWays, planWays } from './cluster-ways.ts';
import { FakeClock } from './fake-clock.ts';
import { clocks } from './kinds.ts';
import { Links } from './links.ts';
import { ProcessLogs } from './logs.ts';
import type { PlannedFault } from './plan.ts';
import type { ChaosStage, Repair } from './stage.ts';
import { Supervisor } from './supervisor.ts';

const folder = join(repository, 'var', 'chaos-cluster');

/** A process that is asked to end does so within 30 s, whatever fails around it. */
const leaveTimeoutMs = 35_000;
const startTimeoutMs = 90_000;

export class ClusterStage implements ChaosStage {
  readonly #tell: (line: string) => void;
  readonly #services: NativeCluster;
  readonly #proxies: ToxiproxyService;
  readonly #links: Links;
  readonly #processes: ClusterProcesses;
  readonly #supervisor: Supervisor;
  readonly #clocks: ReadonlyMap<string, FakeClock>;
  readonly world: ChaosWorld;
  readonly replay: ReplayCommand;
  readonly logs = new ProcessLogs(join(folder, 'logs'));

  private constructor(
    services: NativeCluster,
    proxies: ToxiproxyService,
    processes: ClusterProcesses,
    ways: ClusterWays,
    library: string,
    tell: (line: string) => void,
  ) {
    this.#tell = tell;
    this.#services = services;
    this.#proxies = proxies;
    this.#processes = processes;
    this.#links = new Links(
      proxies,
      ways.proxies.map(({ name }) => name),
    );
    this.#clocks = new Map(clocks.map((name) => [name, new FakeClock(join(folder, 'clocks', name), library)]));
    this.#supervisor = new Supervisor(
      {
        start: (name) => processes.start(name, { ...ways.environmentOf(name), ...this.#clocks.get(name)?.environment }),
        kill: (name) => processes.process(name).kill(),
      },
      tell,
    );
    this.replay = replayOn(['--profile', 'cluster'], settingsOf(services));
    this.world = new ChaosWorld('cluster', processes.apiUrl, ways.deviceUrls);
  }

  static async create(tell: (line: string) => void): Promise<ClusterStage> {
    const library = await provide(libfaketime);
    const ports = await ownPorts();
    const late: { stage: ClusterStage | null } = { stage: null };
    const processes = await ClusterProcesses.create({
      services: settingsOf(new NativeCluster(folder, ports)),
      taken: Object.values(ports),
      onLog: (process, line) => late.stage?.logged(process, line),
      onExit: (process, how) => late.stage?.ended(process, how),
    });
    const ways = await planWays(ports, processes);
    const services = new NativeCluster(folder, ports, ways.listeners);
    const proxies = new ToxiproxyService(join(folder, 'toxiproxy'), ways.controlPort, ways.proxies);
    const stage = new ClusterStage(services, proxies, processes, ways, library, tell);
    late.stage = stage;
    return stage;
  }

  async open(): Promise<void> {
    await this.#services.down({ wipe: true }); // What an interrupted run may have left.
    await Promise.all([this.#proxies.start(), this.#services.up()]);
    this.#tell('services and proxies answer');
    await prepareCluster(settingsOf(this.#services));
    this.#tell('topics, tables and subjects are made');
    for (const name of this.#processes.names) this.#supervisor.keep(name);
    await this.#supervisor.allUp(startTimeoutMs);
  }

  logged(process: string, line: LogLine): void {
    this.world.take(process, line);
    this.logs.take(process, line);
  }

  ended(process: string, how: number | NodeJS.Signals): void {
    this.#supervisor.ended(process, how, this.#processes.process(process).lastCry());
  }

  get crashes(): readonly string[] {
    return this.#supervisor.crashes;
  }

  get missing(): readonly string[] {
    return this.#supervisor.missing;
  }

  async harm(fault: PlannedFault): Promise<Repair> {
    const { action, target } = fault;
    const service = this.#services.services.find(({ name }) => name === target);
    switch (action) {
      case 'kill':
        return service === undefined ? this.#killProcess(target) : killService(service);
      case 'freeze':
        return this.#freeze(service ?? this.#processes.process(target));
      case 'clock':
        return this.#setClock(target, Number(fault.detail['offsetMs']));
      case 'rebalance':
        return this.#join(target);
      case 'flush':
        await this.#services.redis.flush();
        return () => Promise.resolve();
      default:
        return this.#links.harm(fault);
    }
  }

  async #killProcess(name: string): Promise<Repair> {
    this.#supervisor.release(name);
    await this.#processes.process(name).kill();
    return async () => this.#supervisor.keep(name);
  }

  async #freeze(what: { pause(): void; resume(): void }): Promise<Repair> {
    what.pause();
    return async () => what.resume();
  }

  async #setClock(name: string, offsetMs: number): Promise<Repair> {
    const clock = this.#clocks.get(name)!;
    clock.set(offsetMs);
    return async () => clock.set(0);
  }

  /** A further processor takes partitions, and gives them back in order. */
  async #join(name: string): Promise<Repair> {
    this.#supervisor.keep(name);
    return async () => {
      this.#supervisor.release(name);
      await this.#processes.process(name).stop(leaveTimeoutMs);
    };
  }

  async close(): Promise<void> {
    try {
      await this.#supervisor.releaseAll(() => this.#processes.killAll());
      await this.world.close();
    } finally {
      await this.#proxies.stop();
      await this.#services.down({ wipe: true });
      this.abandon();
    }
  }

  abandon(): void {
    for (const path of [folder, ...this.#services.folders]) rmSync(path, { recursive: true, force: true });
  }
}

async function killService(service: NativeService): Promise<Repair> {
  await service.kill();
  return () => service.start();
}
