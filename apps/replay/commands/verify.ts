/** `replay verify`: compares the generation that is read with another one, row by row, at the same offset. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Command, CommandContext, CommandInput } from '../cli/command.ts';
import { generationOf, generationOption, inFlightOption, numberOf, wholeOption } from '../cli/options.ts';
import { linesOf, summaryOf, verifyShadow } from '../generations/verify-shadow.ts';

export const verify: Command = {
  name: 'verify',
  summary: 'compares the live projections with another generation at the same offset, row by row',
  options: [
    generationOption('which generation; the only other one if it is not given'),
    wholeOption('--differences <number>', 'how many differences to tell; all are counted', 20),
    inFlightOption(),
  ],
  async run(context, input) {
    const generation = await otherGeneration(context, input);
    const [maxTold, maxInFlight] = [numberOf(input, 'differences')!, numberOf(input, 'maxInFlight')!];
    const verification = await verifyShadow(context, { generation, maxTold, maxInFlight });
    return {
      ok: verification.different === 0 && verification.moving === 0,
      summary: { generation, ...summaryOf(verification) },
      lines: linesOf(verification),
    };
  },
};

/** @throws ParleyError `invalid_request` if it is not clear which one is meant */
export async function otherGeneration({ cell }: CommandContext, input: CommandInput): Promise<string> {
  const named = generationOf(input);
  if (named !== null) return named;
  const { read } = await cell.generations.pointer.read();
  const others = (await cell.generations.list()).filter((generation) => generation !== read);
  if (others.length === 1) return others[0]!;
  const there = others.length === 0 ? 'there is none' : `there are ${others.join(', ')}`;
  throw new ParleyError('invalid_request', { detail: `say which generation: beside ${read} ${there}` });
}
