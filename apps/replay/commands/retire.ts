/** `replay retire`: stops writing a generation that is not read, and deletes it. */
import { settleMs } from '@parley/projections/generations/lease';
import { writingNoMore } from '@parley/projections/generations/pointer';
import { pause } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { Option } from 'commander';
import type { Command } from '../cli/command.ts';
import { generationOption } from '../cli/options.ts';
import { movePointer } from '../generations/move-pointer.ts';
import { otherGeneration } from './verify.ts';

/** After everybody goes by the new pointer, processes let what they had begun end, for as long again, and close it. */
const closedMs = settleMs + 2_000;

export const retire: Command = {
  name: 'retire',
  summary: 'stops writing a generation that is not read, and deletes it for good',
  options: [
    generationOption('which generation; the only other one if it is not given'),
    new Option('--yes', 'do not ask'),
  ],
  async run(context, input) {
    const { generations } = context.cell;
    const generation = await otherGeneration(context, input);
    const { read, write } = await generations.pointer.read();
    if (generation === read) throw new ParleyError('conflict', { detail: `${generation} is being read` });
    if (input.options['yes'] !== true) {
      const answer = await context.ask(`Delete ${generation} (${read} stays)? Type its name: `);
      if (answer !== generation)
        throw new ParleyError('invalid_request', { detail: 'not confirmed: say its name, or --yes' });
    }
    if (write.includes(generation)) {
      await movePointer(context, (now) => writingNoMore(now, generation));
      await pause(context.timers, closedMs);
    }
    await generations.drop(generation);
    return {
      ok: true,
      summary: { generation, retired: true, read },
      lines: [`${generation} is gone; ${read} is read`],
    };
  },
};
