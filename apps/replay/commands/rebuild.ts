/** `replay rebuild`: fills a generation of the projections from the log, beside the one that is in use. */
import { nextGeneration } from '@parley/projections/generations/pointer';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { Option } from 'commander';
import type { Command, CommandInput } from '../cli/command.ts';
import { generationOf, generationOption, inFlightOption, numberOf, rateOption, wholeOption } from '../cli/options.ts';
import { untilClosed } from '../generations/move-pointer.ts';
import { defaultRebuildSettings, Rebuild, type RebuildSettings, rebuiltTopics } from '../rebuild/rebuild.ts';
import { watchRebuild } from '../rebuild/watch.ts';

const followPauseMs = 500;

export const rebuild: Command = {
  name: 'rebuild',
  summary:
    'derives the projections from the log again, into a generation beside the live one; goes on where it was left',
  options: [
    generationOption('which generation; the next free name if it is not given'),
    new Option('--topics <names>', 'only what these topics are projected to').default(rebuiltTopics.join(',')),
    new Option('--follow', 'keep up with the log until stopped'),
    new Option('--restart', 'throw away what an earlier run has brought in'),
    rateOption(),
    inFlightOption(),
    wholeOption('--concurrency <number>', 'partitions that are read at once', defaultRebuildSettings.concurrency),
  ],
  run: async (context, input) => {
    const { generations } = context.cell;
    const pointer = await generations.pointer.read();
    const generation = generationOf(input) ?? nextGeneration(pointer);
    if (pointer.write.includes(generation)) {
      throw new ParleyError('conflict', { detail: `${generation} is in use: choose another, or retire it first` });
    }
    await untilClosed(context);
    if (input.options['restart'] === true) await generations.drop(generation);
    const maxInFlight = numberOf(input, 'maxInFlight')!;
    const into = await generations.fill(generation, { isShared: false, maxInFlight });
    const startedMs = context.clock.nowMs();
    try {
      const run = new Rebuild({ ...context.cell, ...context }, into, settingsFrom(input));
      const watched = watchRebuild(context);
      const pass = await (input.options['follow'] === true
        ? run.follow(context.signal, followPauseMs, watched.observe)
        : run.pass(context.signal, watched.observe));
      watched.end();
      const seconds = Math.max(0.001, (context.clock.nowMs() - startedMs) / 1_000);
      const perSecond = Math.round(pass.records / seconds);
      const how = pass.isWhole ? 'holds everything up to the end of the log' : 'was stopped; run it again to go on';
      return {
        ok: pass.isWhole,
        summary: { generation, records: pass.records, seconds, records_per_s: perSecond, complete: pass.isWhole },
        lines: [`${generation} ${how}: ${pass.records} records in ${seconds.toFixed(1)} s, ${perSecond} a second`],
      };
    } finally {
      await into.close();
    }
  },
};

function settingsFrom(input: CommandInput): RebuildSettings {
  const names = String(input.options['topics']).split(',');
  const unknown = names.filter((name) => !rebuiltTopics.some((topic) => topic === name));
  if (unknown.length > 0)
    throw new ParleyError('invalid_request', { detail: `no projection comes from ${unknown.join(', ')}` });
  return {
    ...defaultRebuildSettings,
    topics: rebuiltTopics.filter((topic) => names.includes(topic)),
    maxRecordsPerS: numberOf(input, 'maxRecordsPerS'),
    concurrency: numberOf(input, 'concurrency')!,
  };
}
