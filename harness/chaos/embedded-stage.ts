/** The embedded profile under chaos: one process on a small disk of its own, its gateways behind proxies. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ReplayCommand, replayOn } from '../generations/replay-command.ts';
import { freePorts } from '../services/ports.ts';
import { libfaketime, provide } from '../services/system-packages.ts';
import { type TcpProxy, ToxiproxyService } from '../services/toxiproxy.ts';
import { repository } from '../test/program.ts';
import type { LogLine } from '../world/app-process.ts';
import { Standalone } from '../world/standalone.ts';
import { ChaosWorld } from './chaos-world.ts';
import { FakeClock } from './fake-clock.ts';
import { Links } from './links.ts';
import { ProcessLogs } from './logs.ts';
import type { PlannedFault } from './plan.ts';
import { type SmallDisk, smallDisk } from './small-disk.ts';
import type { ChaosStage, Repair } from './stage.ts';
import { Supervisor } from './supervisor.ts';

const folder = join(repository, 'var', 'chaos-embedded');
const name = 'standalone';
const startTimeoutMs = 60_000;

export class EmbeddedStage implements ChaosStage {
  readonly world: ChaosWorld;
  readonly replay: ReplayCommand;
  readonly logs = new ProcessLogs(join(folder, 'logs'));
  readonly #proxies: ToxiproxyService;
  readonly #links: Links;
  readonly #standalone: Standalone;
  readonly #supervisor: Supervisor;
  readonly #clock: FakeClock;
  readonly #disk: SmallDisk;

  private constructor(
    standalone: Standalone,
    disk: SmallDisk,
    proxies: { service: ToxiproxyService; all: readonly TcpProxy[] },
    library: string,
    tell: (line: string) => void,
  ) {
    this.#standalone = standalone;
    this.#disk = disk;
    this.#proxies = proxies.service;
    this.#links = new Links(
      proxies.service,
      proxies.all.map((proxy) => proxy.name),
    );
    this.#clock = new FakeClock(join(folder, 'clock'), library);
    this.#supervisor = new Supervisor(
      { start: () => standalone.start(this.#clock.environment), kill: () => standalone.process.kill() },
      tell,
    );
    this.replay = replayOn(['--profile', 'embedded', '--data', standalone.dataDir], {});
    this.world = new ChaosWorld(
      'embedded',
      standalone.apiUrl,
      proxies.all.map(({ port }) => `ws://127.0.0.1:${port}`),
    );
  }

  static async create(tell: (line: string) => void): Promise<EmbeddedStage> {
    const library = await provide(libfaketime);
    const disk = smallDisk(join(folder, 'disk'));
    const late: { stage: EmbeddedStage | null } = { stage: null };
    const standalone = await Standalone.create({
      dataDir: join(disk.folder, 'data'),
      onLog: (line) => late.stage?.logged(line),
      onExit: (how) => late.stage?.ended(how),
    });
    const gateways = standalone.gatewayUrls.map((url) => Number(new URL(url).port));
    const [own, ...free] = await freePorts(1 + gateways.length, standalone.ports);
    const all = gateways.map((upstreamPort, index): TcpProxy => {
      return { name: `devices>gateway-${index + 1}`, port: free[index]!, upstreamPort };
    });
    const service = new ToxiproxyService(join(folder, 'toxiproxy'), own!, all);
    const stage = new EmbeddedStage(standalone, disk, { service, all }, library, tell);
    late.stage = stage;
    return stage;
  }

  async open(): Promise<void> {
    this.#disk.open();
    await this.#proxies.start();
    this.#supervisor.keep(name);
    await this.#supervisor.allUp(startTimeoutMs);
  }

  logged(line: LogLine): void {
    this.world.take(name, line);
    this.logs.take(name, line);
  }

  ended(how: number | NodeJS.Signals): void {
    this.#supervisor.ended(name, how, this.#standalone.process.lastCry());
  }

  get crashes(): readonly string[] {
    return this.#supervisor.crashes;
  }

  get missing(): readonly string[] {
    return this.#supervisor.missing;
  }

  async harm(fault: PlannedFault): Promise<Repair> {
    const { process } = this.#standalone;
    switch (fault.action) {
      case 'kill':
        this.#supervisor.release(name);
        await process.kill();
        return async () => this.#supervisor.keep(name);
      case 'freeze':
        process.pause();
        return async () => process.resume();
      case 'clock':
        this.#clock.set(Number(fault.detail['offsetMs']));
        return async () => this.#clock.set(0);
      case 'fill':
        return this.#disk.fill(process.pid);
      default:
        return this.#links.harm(fault);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#supervisor.releaseAll(() => this.#standalone.process.kill());
      await this.world.close();
    } finally {
      await this.#proxies.stop();
      this.abandon();
    }
  }

  abandon(): void {
    this.#disk.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
