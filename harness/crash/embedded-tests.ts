/** What is done to the embedded profile under load: its one process is killed. */
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedWorld } from '../world/embedded-world.ts';
import type { CrashTest } from './crash-test.ts';

export class EmbeddedStage {
  readonly world: EmbeddedWorld;

  private constructor(world: EmbeddedWorld) {
    this.world = world;
  }

  static async open(): Promise<EmbeddedStage> {
    return new EmbeddedStage(await EmbeddedWorld.start());
  }

  get folder(): string {
    return this.world.standalone.dataDir;
  }

  /** Starts it again if a test that failed left it dead. */
  async mend(): Promise<void> {
    const { standalone } = this.world;
    if (!standalone.process.isRunning) await standalone.start();
  }

  close(): Promise<void> {
    return this.world.close();
  }
}

export const embeddedTests: readonly CrashTest<EmbeddedStage>[] = [
  {
    name: 'kill-standalone',
    async harm({ world }, load, downMs) {
      await world.standalone.process.kill();
      load.fallSilent();
      await delay(downMs);
      await world.standalone.start();
      return [];
    },
  },
];
