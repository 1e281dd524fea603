/** A process of the server side: it starts, may be frozen, crash, or be stopped in order, and starts again in a new life. */
import type { Log } from '@parley/streams/log/log';
import { Life } from '../environment/life.ts';
import type { World } from '../world.ts';

export abstract class ServerProcess {
  readonly name: string;
  protected readonly world: World;
  #life: Life | null = null;
  #lives = 0;
  skewMs = 0;

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
  }

  get life(): Life | null {
    return this.#life;
  }

  get isUp(): boolean {
    return this.#life?.isAlive ?? false;
  }

  start(): void {
    if (this.isUp) return;
    const life = new Life({
      name: `${this.name}#${++this.#lives}`,
      time: this.world.time,
      skewMs: () => this.skewMs,
      crashed: () => this.world.trace.add(this.name, 'is down'),
    });
    this.#life = life;
    this.world.trace.add(this.name, 'starts');
    this.begin(life, this.world.logOf(life));
  }

  crash(): void {
    this.#life?.crash();
  }

  /** Ends in order, then is gone. */
  async stop(): Promise<void> {
    const life = this.#life;
    if (life === null || !life.isAlive) return;
    this.world.trace.add(this.name, 'is asked to stop');
    await this.end();
    life.crash();
  }

  /** Ends in order, and stays, so that what it leaves behind can be counted. */
  async leave(): Promise<void> {
    if (this.isUp) await this.end();
  }

  protected abstract begin(life: Life, log: Log): void;
  protected abstract end(): Promise<void>;
}
