/**
 * One idempotent producer, from its producer id to the moment when it is given up.
 *
 * kafkajs takes a batch's sequence numbers back when a send fails, without knowing whether the broker has written the batch. After
 * a send whose fate is unknown the next batch would carry the same numbers, and the broker would take it for the old one and
 * acknowledge records that it never wrote. So a session ends with the first such failure; the next one has another producer id.
 */
import type { Producer, RecordMetadata, TopicMessages } from 'kafkajs';
import { createKafka, type KafkaConnection } from './kafka-client.ts';
import { SocketGate } from './socket-gate.ts';

const allInSyncReplicas = -1;

export class ProducerSession {
  private readonly gate = new SocketGate();
  private readonly producer: Producer;
  private abandon: (error: Error) => void = () => undefined;
  /** Rejects at once when the session is given up: kafkajs would go on trying for a minute. */
  readonly connected: Promise<void>;

  constructor(connection: KafkaConnection) {
    this.producer = createKafka(connection, this.gate.create).producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
    const abandoned = new Promise<never>((_, reject) => {
      this.abandon = reject;
    });
    this.connected = Promise.race([this.producer.connect(), abandoned]);
    this.connected.catch(() => undefined); // Whoever needs the connection awaits it and is told.
  }

  send(topicMessages: TopicMessages[]): Promise<RecordMetadata[]> {
    return this.producer.sendBatch({ acks: allInSyncReplicas, topicMessages });
  }

  /** Ends at once; whatever is on its way may or may not arrive, and nothing is sent later. */
  giveUp(): void {
    this.abandon(new Error('the producer was given up'));
    this.gate.close();
    this.producer.disconnect().catch(() => undefined); // Its sockets are gone already.
  }

  async close(): Promise<void> {
    await this.producer.disconnect();
    this.gate.close();
  }
}
