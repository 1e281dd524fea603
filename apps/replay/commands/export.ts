/** `replay export`: a range of a topic for analysts, as JSON lines or Parquet. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { InvalidArgumentError, Option } from 'commander';
import type { Command, CommandContext, CommandInput, CommandResult } from '../cli/command.ts';
import { exportTopic } from '../export/export-topic.ts';
import { jsonLinesFile, parquetFile, streamSink } from '../export/files.ts';
import type { ExportSink } from '../export/sink.ts';
import { type Point, parsePoint } from '../reading/point.ts';

interface ExportOptions {
  readonly topic: string;
  readonly from: Point;
  readonly to?: Point;
  readonly partition?: number;
  readonly format: 'jsonl' | 'parquet';
  readonly out: string;
  readonly force?: boolean;
}

const toStdout = '-';

function sinkOf({ format, out, topic, force = false }: ExportOptions, stdout: NodeJS.WritableStream): ExportSink {
  if (format === 'parquet') {
    if (out === toStdout) throw new ParleyError('invalid_request', { detail: 'Parquet needs a file: --out FILE' });
    return parquetFile(out, topic, force);
  }
  return out === toStdout ? streamSink(stdout) : jsonLinesFile(out, force);
}

async function run({ cell, progress, signal, stdout }: CommandContext, input: CommandInput): Promise<CommandResult> {
  const options = input.options as unknown as ExportOptions;
  const { topic, from, to = null, partition = null, format, out } = options;
  await cell.log.partitionCount(topic); // Before a file is made for a topic that is not there.
  const sink = sinkOf(options, stdout);
  const bar = progress.bar('export', 'offsets');
  try {
    const counts = await exportTopic(cell, { topic, partition, from, to }, sink, { bar, signal });
    if (!counts.complete) throw new ParleyError('unavailable', { detail: 'the export was interrupted' });
    await sink.end();
    const { partitions, records, unreadable } = counts;
    const said = `${records} records of ${topic} in ${partitions} partitions are in ${out}, ${unreadable} of them unreadable.`;
    return {
      ok: true,
      summary: { topic, partitions, records, unreadable, format, out },
      lines: out === toStdout ? [] : [said],
    };
  } catch (error) {
    await sink.abandon();
    throw error;
  }
}

export const exportCommand: Command = {
  name: 'export',
  summary: 'a range of a topic as JSON lines or Parquet',
  options: [
    new Option('--topic <topic>', 'which topic').makeOptionMandatory(),
    new Option('--from <point>', 'first offset or time').argParser(parsePoint).default({ offset: 0 }, 'the beginning'),
    new Option('--to <point>', 'offset or time where it ends, exclusive').argParser(parsePoint),
    new Option('--partition <number>', 'this partition alone').argParser((text) => {
      const number = Number(text);
      if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('must be a whole number');
      return number;
    }),
    new Option('--format <format>', 'of the output').choices(['jsonl', 'parquet']).default('jsonl'),
    new Option('--out <file>', 'a file that is not there yet; - for standard output').default(toStdout),
    new Option('--force', 'replace the file'),
  ],
  run,
};
