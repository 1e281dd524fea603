/** What a scenario is: a story told once, with its checks, that runs on every profile. */
import type { World } from '../world/world.ts';

export interface Scenario {
  readonly name: string;
  /** Rejects with the first thing that is not as it should be. */
  run(world: World): Promise<void>;
}
