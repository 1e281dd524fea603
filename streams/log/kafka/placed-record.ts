/** Records on their way to their partitions, and how the broker's answers are told to them. */

import type { ParleyError } from '@parley/schemas/errors/parley-error';
import type { RecordMetadata, TopicMessages } from 'kafkajs';
import type { Append } from '../log.ts';

export class PlacedRecord {
  readonly record: Append;
  readonly partition: number;
  settled = false;

  constructor(record: Append, partition: number) {
    this.record = record;
    this.partition = partition;
  }

  appended(offset: number): void {
    this.settled = true;
    this.record.appended(this.partition, offset);
  }

  failed(error: ParleyError): void {
    this.settled = true;
    this.record.failed(error);
  }
}

export type RecordsByPartition = ReadonlyMap<string, readonly PlacedRecord[]>;

export function byPartition(records: readonly PlacedRecord[]): RecordsByPartition {
  const parts = new Map<string, PlacedRecord[]>();
  for (const placed of records) {
    const name = nameOf(placed.record.topic, placed.partition);
    const part = parts.get(name);
    if (part === undefined) parts.set(name, [placed]);
    else part.push(placed);
  }
  return parts;
}

export function messagesOf(parts: RecordsByPartition): TopicMessages[] {
  const topics = new Map<string, TopicMessages>();
  for (const [first, ...rest] of parts.values()) {
    if (first === undefined) continue;
    const { topic } = first.record;
    const of = topics.get(topic) ?? { topic, messages: [] };
    topics.set(topic, of);
    for (const { record, partition } of [first, ...rest]) {
      const { key, value, timestampMs } = record;
      of.messages.push({ key, value, partition, timestamp: String(timestampMs) });
    }
  }
  return [...topics.values()];
}

/**
 * Tells the records of every partition that the answer names. kafkajs leaves a partition out when its leader moved to a broker
 * that had answered already; its records were not sent and stay unsettled.
 */
export function settle(parts: RecordsByPartition, answers: readonly RecordMetadata[]): void {
  for (const { topicName, partition, baseOffset } of answers) {
    const part = parts.get(nameOf(topicName, partition));
    if (part === undefined || baseOffset === undefined) continue;
    const first = Number(baseOffset);
    part.forEach((placed, index) => {
      placed.appended(first + index);
    });
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
