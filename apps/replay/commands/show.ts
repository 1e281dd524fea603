/** `replay show`: the conversation, its members and receipts as they stood at an offset or a time. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from '../cli/command.ts';
import { type Point, parsePoint } from '../reading/point.ts';
import { showConversation } from '../show/show-conversation.ts';

const maxLimit = 1_000;

const between = (least: number, most: number) => (text: string) => {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least && number <= most) return number;
  throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}`);
};

interface Options {
  readonly at?: Point;
  readonly limit: number;
  readonly before?: number;
  readonly bodies?: boolean;
}

export const show: Command = {
  name: 'show',
  summary: 'a conversation, its members and receipts as they stood at an offset or a time',
  args: ['<conversation>'],
  options: [
    new Option('--at <point>', 'offset in its partition, or a time: as of and with it').argParser(parsePoint),
    new Option('--limit <messages>', 'how many messages').argParser(between(0, maxLimit)).default(20),
    new Option('--before <seq>', 'messages below this seq').argParser(between(1, Number.MAX_SAFE_INTEGER)),
    new Option('--bodies', 'print the ciphertext in base64, instead of its hash'),
  ],
  run({ cell, progress }, { args, options }) {
    const { at = null, limit, before = null, bodies = false } = options as unknown as Options;
    const page = { limit, beforeSeq: before, bodies };
    const bar = progress.bar('show', 'offsets');
    return showConversation({ ...cell, conversationId: args[0]!.toLowerCase(), at, page, bar });
  },
};
