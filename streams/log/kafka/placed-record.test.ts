import { describe, expect, it } from 'vitest';
import type { Append } from '../log.ts';
import { byPartition, messagesOf, PlacedRecord, settle } from './placed-record.ts';

function placed(topic: string, partition: number, value: string, told: string[]): PlacedRecord {
  const record: Append = {
    topic,
    key: 'k',
    partitionKey: null,
    value: Buffer.from(value),
    timestampMs: 1,
    appended: (at, offset) => told.push(`${value}@${at}/${offset}`),
    failed: (error) => told.push(`${value}:${error.code}`),
  };
  return new PlacedRecord(record, partition);
}

describe('records on their way', () => {
  it('get the offsets of their partition in order, and those that the answer leaves out stay unsettled', () => {
    const told: string[] = [];
    const records = [
      placed('t', 0, 'a', told),
      placed('t', 1, 'b', told),
      placed('t', 0, 'c', told),
      placed('u', 0, 'd', told),
    ];
    settle(byPartition(records), [
      { topicName: 't', partition: 0, errorCode: 0, baseOffset: '40' },
      { topicName: 'u', partition: 0, errorCode: 0, baseOffset: '7' },
    ]);
    expect(told).toEqual(['a@0/40', 'c@0/41', 'd@0/7']);
    expect(records.filter(({ settled }) => !settled).map(({ record }) => record.value?.toString())).toEqual(['b']);
  });

  it('keep the order of their partition in what is sent', () => {
    const records = ['a', 'b', 'c', 'd'].map((value, index) => placed('t', index % 2, value, []));
    const [topic] = messagesOf(byPartition(records));
    const of = (partition: number) =>
      topic?.messages.filter((message) => message.partition === partition).map(({ value }) => value?.toString());
    expect(of(0)).toEqual(['a', 'c']);
    expect(of(1)).toEqual(['b', 'd']);
  });
});
