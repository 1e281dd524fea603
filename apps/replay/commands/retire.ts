/** `replay retire`: stops writing a generation that is not read, and deletes it. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { Option } from 'commander';
import type { Command } from '../cli/command.ts';
import { generationOption } from '../cli/options.ts';
import { stopWriting, untilClosed } from '../generations/move-pointer.ts';
import { otherGeneration } from './verify.ts';

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
    if (write.includes(generation)) await stopWriting(context, generation);
    else await untilClosed(context);
    await generations.drop(generation);
    return {
      ok: true,
      summary: { generation, retired: true, read },
      lines: [`${generation} is gone; ${read} is read`],
    };
  },
};
