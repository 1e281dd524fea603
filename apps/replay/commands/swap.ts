/**
 * `replay swap`: lets the apps read another generation, without a moment in which a reader lacks anything.
 *
 *   1  the rebuild comes close to the end of the log
 *   2  the pointer says: write both; after a while everybody does
 *   3  the rebuild brings in what was appended before that, so that the generation lacks nothing from then on
 *   4  both are compared
 *   5  the pointer says: read the new one; both stay written, so that `rollback` needs nothing but the pointer
 *
 * Ended at any point, it goes on where it was when it is run again.
 */
import { completed, reading, writingAlso } from '@parley/projections/generations/pointer';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { Option } from 'commander';
import type { Command, CommandContext, CommandResult } from '../cli/command.ts';
import { generationOption, inFlightOption, numberOf, wholeOption } from '../cli/options.ts';
import { movePointer, movePointerAtOnce, stopWriting, untilClosed, untilSettled } from '../generations/move-pointer.ts';
import type { Verification } from '../generations/verify.ts';
import { linesOf, summaryOf, verifyShadow } from '../generations/verify-shadow.ts';
import { Rebuild } from '../rebuild/rebuild.ts';
import { watchRebuild } from '../rebuild/watch.ts';
import { otherGeneration } from './verify.ts';

export const swap: Command = {
  name: 'swap',
  summary: 'lets the apps read another generation, once it lacks nothing; both stay written',
  options: [
    generationOption('which generation; the only other one if it is not given'),
    new Option('--no-verify', 'do not compare the generations first'),
    wholeOption('--differences <number>', 'how many differences to tell; all are counted', 20),
    inFlightOption(),
  ],
  async run(context, input) {
    const generation = await otherGeneration(context, input);
    const [maxTold, maxInFlight] = [numberOf(input, 'differences')!, numberOf(input, 'maxInFlight')!];
    const before = await context.cell.generations.pointer.read();
    if (before.read === generation) return resultOf(context, generation, null);
    if (!before.complete.includes(generation)) await complete(context, generation, maxInFlight);
    const verification =
      input.options['verify'] === false ? null : await verifyShadow(context, { generation, maxTold, maxInFlight });
    if (verification !== null && verification.different + verification.moving > 0) {
      // It was written for the sake of this swap: better not to pay for what nobody will read.
      if (!before.write.includes(generation)) await stopWriting(context, generation);
      return resultOf(context, generation, verification);
    }
    await movePointer(context, (now) => reading(now, generation));
    return resultOf(context, generation, verification);
  },
};

/** Steps 1 to 3. */
async function complete(context: CommandContext, generation: string, maxInFlight: number): Promise<void> {
  const { generations } = context.cell;
  const isWritten = (await generations.pointer.read()).write.includes(generation);
  if ((await generations.positions(generation)) === null)
    throw new ParleyError('not_found', { detail: `no rebuild of ${generation}: run rebuild first` });
  if (!isWritten) {
    await untilClosed(context);
    await fillUp(context, generation, { isShared: false, maxInFlight });
    await movePointer(context, (now) => writingAlso(now, generation));
  }
  await untilSettled(context);
  await fillUp(context, generation, { isShared: true, maxInFlight });
  await movePointerAtOnce(context, (now) => completed(now, generation));
}

async function fillUp(
  context: CommandContext,
  generation: string,
  how: { readonly isShared: boolean; readonly maxInFlight: number },
): Promise<void> {
  const { cell, clock, timers, signal } = context;
  const into = await cell.generations.fill(generation, how);
  const watched = watchRebuild(context);
  try {
    const { log, codec, dataKeys } = cell;
    const rebuild = new Rebuild({ log, codec, dataKeys, clock, timers }, into);
    await rebuild.pass(signal, watched.observe);
    signal.throwIfAborted();
    await into.takeCheckpoints();
  } finally {
    watched.end();
    await into.close();
  }
}

async function resultOf(
  { cell }: CommandContext,
  generation: string,
  verification: Verification | null,
): Promise<CommandResult> {
  const { version, read, write } = await cell.generations.pointer.read();
  const verified = verification === null ? {} : summaryOf(verification);
  return {
    ok: read === generation,
    summary: { generation, swapped: read === generation, version, read, write, ...verified },
    lines: [
      ...(verification === null ? [] : linesOf(verification)),
      read === generation ? `${read} is read; ${write.join(' and ')} are written` : `${read} is still read`,
    ],
  };
}
