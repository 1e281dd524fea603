/** `replay trace`: everything that is recorded of one message, and why a device did not get it. */
import { Option } from 'commander';
import type { Command } from '../cli/command.ts';
import { traceMessage } from '../trace/trace-message.ts';

export const trace: Command = {
  name: 'trace',
  summary: 'the whole story of one message: appended, decided, projected, routed, acknowledged, pushed, dead',
  args: ['<message_id>'],
  options: [new Option('--conversation <id>', 'where it was sent; otherwise it is looked for in all partitions')],
  async run({ cell, progress }, { args, options }) {
    const { conversation } = options as { readonly conversation?: string };
    const evidence = await cell.openEvidence();
    try {
      const where = { messageId: args[0]!.toUpperCase(), conversationId: conversation?.toLowerCase() ?? null };
      return await traceMessage({ ...cell, ...where, evidence, progress });
    } finally {
      await evidence.close();
    }
  },
};
