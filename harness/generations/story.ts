/**
 * People chat and page while an operator rebuilds the projections, swaps to them, rolls back, swaps again, and retires the old ones; and
 * the processes are killed in between. Afterwards nothing may be lost, doubled or out of order, no reader may have seen a gap, and the
 * generations must be the same, row by row.
 */
import assert from 'node:assert/strict';
import { describe, settle } from '../talk/settle.ts';
import { SteadyLoad } from '../talk/steady-load.ts';
import type { BaseWorld } from '../world/base-world.ts';
import { Pager } from './pager.ts';
import type { ReplayCommand } from './replay-command.ts';

export interface Stage {
  readonly world: BaseWorld;
  readonly replay: ReplayCommand;
  /** Kills what derives projections, and starts it again. */
  crash(): Promise<void>;
}

export interface Story {
  readonly acknowledged: number;
  readonly pages: number;
  readonly rows: number;
  readonly different: number;
  readonly rebuilt: number;
}

const convergeMs = 60_000;

export async function swapUnderLoad({ world, replay, crash }: Stage, say: (line: string) => void): Promise<Story> {
  const load = await SteadyLoad.begin(world, 0);
  const pager = await Pager.begin(world);
  const step = async (...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> => {
    const { exitCode, summary } = await replay(...args);
    say(`        ${args.join(' ')}: ${JSON.stringify(summary).slice(0, 300)}`);
    assert.equal(exitCode, 0, `${args.join(' ')} holds: ${JSON.stringify(summary)}`);
    return summary;
  };
  try {
    const first = await step('rebuild', '--generation', 'g2', '--max-records-per-s', '50000');
    assert.equal((await step('swap'))['read'], 'g2');
    await pager.end();
    await crash();
    const again = await Pager.begin(world);
    assert.equal((await step('rollback'))['read'], 'g1');
    assert.equal((await step('swap'))['read'], 'g2');
    await again.end();
    load.end();
    const findings = await settle(load, Date.now() + convergeMs);
    assert.deepEqual(describe(findings), []);
    assert.deepEqual([...pager.violations, ...again.violations], []);
    const { rows, different, moving } = await step('verify');
    assert.equal(moving, 0);
    assert.equal((await step('retire', '--generation', 'g1', '--yes'))['retired'], true);
    return {
      acknowledged: load.acknowledged,
      pages: pager.pages + again.pages,
      rows: Number(rows),
      different: Number(different),
      rebuilt: Number(first['records']),
    };
  } finally {
    await load.dismiss();
  }
}
