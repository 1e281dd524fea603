/** A send on its way into the log: answers its connection when the log has it, or has not. */
import type { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Append } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import type { Connection } from '../connection.ts';

export interface SendSettlement {
  sendAppended(send: PendingSend): void;
  sendFailed(send: PendingSend, error: ParleyError): void;
}

export class PendingSend implements Append {
  readonly topic = topics.messages;
  readonly partitionKey = null;
  /** The conversation. */
  readonly key: string;
  readonly value: Buffer;
  readonly timestampMs: number;
  readonly connection: Connection;
  readonly messageId: string;
  readonly #settlement: SendSettlement;

  constructor(
    connection: Connection,
    conversationId: string,
    messageId: string,
    value: Buffer,
    timestampMs: number,
    settlement: SendSettlement,
  ) {
    this.connection = connection;
    this.key = conversationId;
    this.messageId = messageId;
    this.value = value;
    this.timestampMs = timestampMs;
    this.#settlement = settlement;
  }

  appended(): void {
    this.#settlement.sendAppended(this);
  }

  failed(error: ParleyError): void {
    this.#settlement.sendFailed(this, error);
  }
}
