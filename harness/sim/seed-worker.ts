/** A process that runs the seeds it is sent, one after the other, with the real clock and chance out of reach. */
import { forbidReality } from './environment/reality.ts';
import { runSeed, type SeedResult } from './run-seed.ts';

export interface SeedOrder {
  readonly seed: number;
  readonly activeMs: number | null;
}

export type SeedReport = Omit<SeedResult, 'trace' | 'plan'> & SeedOrder;

process.on('message', (order: SeedOrder) => {
  void runOrdered(order);
});

// Whoever ordered runs is gone.
process.on('disconnect', () => process.exit());

async function runOrdered({ seed, activeMs }: SeedOrder): Promise<void> {
  const { aside, end } = forbidReality();
  try {
    const { trace, plan, ...report } = await runSeed({ seed, activeMs, keepsTrace: false, aside });
    process.send?.({ ...report, activeMs } satisfies SeedReport);
  } catch (error) {
    console.error(error);
    process.exit(1); // The run itself broke: whoever waits for its report is told by the end of this process.
  } finally {
    end();
  }
}
