/** The embedded profile as a world. */
import { BaseWorld } from './base-world.ts';
import { Standalone } from './standalone.ts';
import type { World } from './world.ts';

export class EmbeddedWorld extends BaseWorld implements World {
  readonly profile = 'embedded';
  #running: Standalone | null = null;

  static async start(): Promise<EmbeddedWorld> {
    const world = new EmbeddedWorld();
    world.#running = await Standalone.create({ onLog: (line) => world.observations.take('standalone', line) });
    await world.#running.start();
    return world;
  }

  get standalone(): Standalone {
    if (this.#running === null) throw new Error('the world was not started');
    return this.#running;
  }

  get apiUrl(): string {
    return this.standalone.apiUrl;
  }

  get gatewayUrls(): readonly string[] {
    return this.standalone.gatewayUrls;
  }

  async crashGateway(): Promise<void> {
    await this.standalone.process.kill();
    await this.standalone.start();
  }

  crashApi(): Promise<void> {
    return this.crashGateway();
  }

  async travel(clockOffsetMs: number): Promise<void> {
    await this.standalone.process.stop();
    await this.standalone.start({ PARLEY_CLOCK_OFFSET_MS: String(clockOffsetMs) });
  }

  async close(): Promise<void> {
    await this.dismiss();
    await this.standalone.close();
  }
}
