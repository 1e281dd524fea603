/** `replay status`: what the log holds. */
import { topics } from '@parley/streams/log/topics';
import type { Command } from '../cli/command.ts';

export const status: Command = {
  name: 'status',
  summary: 'what the log holds, and which generations of the projections there are',
  async run({ cell }) {
    const held: { topic: string; partitions: number; records: number }[] = [];
    for (const topic of [topics.messages, topics.receipts]) {
      const partitions = await cell.log.partitionCount(topic);
      let records = 0;
      for (let partition = 0; partition < partitions; partition++) {
        const { earliest, end } = await cell.log.bounds(topic, partition);
        records += end - earliest;
      }
      held.push({ topic, partitions, records });
    }
    const lines = held.map(
      ({ topic, partitions, records }) => `${topic}: ${records} records in ${partitions} partitions`,
    );
    return { ok: true, summary: { topics: held }, lines };
  },
};
