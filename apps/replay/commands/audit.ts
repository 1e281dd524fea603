/** `replay audit`: seals the log in a hash chain, and finds what was changed since. */
import { readFileSync } from 'node:fs';
import { pause } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { AuditFollower, defaultAuditSettings } from '@parley/streams/audit/audit-follower';
import { InvalidArgumentError, Option } from 'commander';
import { Registry } from 'prom-client';
import { anchorsIn, heads } from '../audit/head.ts';
import { auditedPartitions } from '../audit/scope.ts';
import { ensureAuditTopic, seal } from '../audit/seal.ts';
import { verify } from '../audit/verify.ts';
import type { Command, CommandContext, CommandInput, CommandResult } from '../cli/command.ts';

interface AuditOptions {
  readonly topic?: string;
  readonly partition?: number;
  readonly from: number;
  readonly anchor: readonly string[];
  readonly anchors?: string;
  readonly interval: number;
}

/** How soon follow ends after it was told to. */
const stopCheckMs = 250;

const wholeNumber = (text: string): number => {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('must be a whole number');
  return number;
};

async function verifyAll({ cell, progress }: CommandContext, options: AuditOptions): Promise<CommandResult> {
  const kept = options.anchors === undefined ? [] : anchorsIn(readFileSync(options.anchors, 'utf8'));
  return verify({
    ...{ log: cell.log, codec: cell.codec, partitions: await auditedPartitions(cell.log, options) },
    ...{ fromOffset: options.from, anchors: [...options.anchor, ...kept], bar: progress.bar('verify', 'records') },
  });
}

async function sealAll(context: CommandContext, options: AuditOptions): Promise<CommandResult> {
  const { cell, clock, progress, signal } = context;
  const log = await cell.openWriter();
  try {
    await ensureAuditTopic(log);
    const partitions = await auditedPartitions(log, options);
    return await seal({ log, codec: cell.codec, clock, partitions, bar: progress.bar('seal', 'partitions'), signal });
  } finally {
    await log.close();
  }
}

/** Until it is told to stop. */
async function follow(context: CommandContext, { interval }: AuditOptions): Promise<CommandResult> {
  const { cell, clock, timers, logger, signal } = context;
  const log = await cell.openWriter();
  const metrics = new Registry();
  const settings = { ...defaultAuditSettings, intervalMs: interval * 1_000 };
  const follower = new AuditFollower({ log, codec: cell.codec, clock, timers, logger, metrics }, settings);
  try {
    await ensureAuditTopic(log);
    await follower.start();
    context.say(`sealing every ${interval} s; stop with Ctrl-C`);
    // Timers of the follower alone would not keep the process.
    while (!signal.aborted) await pause(timers, stopCheckMs);
  } finally {
    await follower.close();
    await log.close();
  }
  return { ok: true, summary: follower.counts, lines: [`${follower.counts.records} records sealed.`] };
}

export const audit: Command = {
  name: 'audit',
  summary: 'seal | follow | verify | head: a hash chain over chat.messages, and what was changed since it was sealed',
  args: ['<action>'],
  options: [
    new Option('--topic <topic>', 'one of the sealed topics'),
    new Option('--partition <number>', 'this partition alone').argParser(wholeNumber),
    new Option('--from <offset>', 'verify blocks from this offset on').argParser(wholeNumber).default(0),
    new Option('--anchor <hash>', 'a checkpoint hash that was kept elsewhere; may be repeated')
      .argParser((hash: string, before: readonly string[]) => [...before, hash.toLowerCase()])
      .default([]),
    new Option('--anchors <file>', 'what "audit head --json" printed once'),
    new Option('--interval <seconds>', 'how often follow seals').argParser(wholeNumber).default(10),
  ],
  async run(context: CommandContext, { args, options }: CommandInput): Promise<CommandResult> {
    const given = options as unknown as AuditOptions;
    switch (args[0]) {
      case 'verify':
        return verifyAll(context, given);
      case 'seal':
        return sealAll(context, given);
      case 'follow':
        return follow(context, given);
      case 'head':
        return heads({ ...context.cell, clock: context.clock }, await auditedPartitions(context.cell.log, given));
      default:
        throw new ParleyError('invalid_request', { detail: `audit ${args[0]}: seal, follow, verify or head` });
    }
  },
};
