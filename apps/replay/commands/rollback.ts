/** `replay rollback`: lets the apps read the generation that they read before; it was written all the time. */
import { type ProjectionPointer, reading } from '@parley/projections/generations/pointer';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Command, CommandInput } from '../cli/command.ts';
import { generationOf, generationOption } from '../cli/options.ts';
import { movePointer } from '../generations/move-pointer.ts';

export const rollback: Command = {
  name: 'rollback',
  summary: 'lets the apps read the other generation that is written and lacks nothing',
  options: [generationOption('which generation; the only other one if it is not given')],
  async run(context, input) {
    const before = await context.cell.generations.pointer.read();
    const generation = targetOf(before, input);
    const { version, read, write } = await movePointer(context, (now) => reading(now, generation));
    return {
      ok: read === generation,
      summary: { generation, from: before.read, version, read, write },
      lines: [`${read} is read again instead of ${before.read}; ${write.join(' and ')} are written`],
    };
  },
};

function targetOf({ read, complete }: ProjectionPointer, input: CommandInput): string {
  const named = generationOf(input);
  if (named !== null) return named;
  const others = complete.filter((generation) => generation !== read);
  if (others.length === 1) return others[0]!;
  const there = others.length === 0 ? 'none' : others.join(', ');
  throw new ParleyError('invalid_request', { detail: `beside ${read}, ${there} could be read` });
}
