/**
 * `send`: from a client's frame to a record of chat.messages, and the answers `appended` or `error`.
 *
 * The frame is checked by itself, against the rate limit, and against what is known of the conversation; nearly always all of it
 * is in memory and the record is in the log's queue before this returns. Only a conversation that this gateway has not seen, and an
 * edit, delete, reaction or reply, whose target must be stamped, wait for a read. The record is built field by field (design rule 5):
 * who sent it comes from the access token, when from this clock, the rest from the frame. Retries are appended like first attempts:
 * the fold knows them (design rule 1).
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import { hasCode, ParleyError } from '@parley/schemas/errors/parley-error';
import type { MessageTarget } from '@parley/schemas/generated/events';
import type { SendFrame } from '@parley/schemas/generated/wire';
import { currentRules, needsTarget } from '@parley/streams/conversation/rules';
import type { Log } from '@parley/streams/log/log';
import type { MessageLookup } from '@parley/streams/processors/ports';
import type { DataKeyId } from '@parley/streams/sealing/data-key';
import type { Connection } from '../connection.ts';
import type { GatewayCounts } from '../counts.ts';
import type { DataKeyCache, SendLimiter } from '../dependencies.ts';
import type { Membership } from '../lookups/membership.ts';
import type { GatewaySettings } from '../settings.ts';
import type { ErrorReporter } from './error-reporter.ts';
import { PendingSend, type SendSettlement } from './pending-send.ts';
import { contentOf, dataKeyOf } from './sealed-send.ts';
import { validateSend } from './validate-send.ts';

export interface SendDeskDependencies {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly clock: Clock;
  readonly limiter: SendLimiter;
  readonly messages: MessageLookup;
  readonly membership: Membership;
  /** What is known at once, and what has to be asked for. */
  readonly dataKeys: DataKeyCache;
  readonly errors: ErrorReporter;
  readonly counts: GatewayCounts;
}

export class SendDesk implements SendSettlement {
  readonly #on: SendDeskDependencies;
  readonly #settings: GatewaySettings;
  #inFlight = 0;

  constructor(dependencies: SendDeskDependencies, settings: GatewaySettings) {
    this.#on = dependencies;
    this.#settings = settings;
  }

  /** Sends of all connections that the log has not settled. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** @throws ParleyError, or rejects with it: the send was not taken */
  handle(connection: Connection, send: SendFrame): Promise<void> | undefined {
    validateSend(send, this.#settings);
    if (connection.sendsInFlight >= this.#settings.maxSendsInFlight) throw new ParleyError('overloaded');
    const retryAfterMs = this.#on.limiter.take(connection.userId);
    if (retryAfterMs > 0) throw new ParleyError('rate_limited', { retryAfterMs: Math.ceil(retryAfterMs) });
    const isKnown = this.#on.membership.isKnown(send.conversation_id, connection.userId, send.peer_id);
    const targetId = send.target_id ?? send.reply_to;
    const keyId = dataKeyOf(send);
    const key = keyId === null ? null : this.#on.dataKeys.known(keyId);
    if (isKnown && targetId === null && key !== undefined) {
      this.#append(connection, send, null, key);
      return undefined;
    }
    return this.#appendAfterReads(connection, send, isKnown, targetId);
  }

  async #appendAfterReads(connection: Connection, send: SendFrame, isKnown: boolean, targetId: string | null) {
    if (!isKnown) await this.#on.membership.confirm(send.conversation_id, connection.userId, send.peer_id);
    const target = targetId === null ? null : await this.#target(send, targetId);
    const keyId = dataKeyOf(send);
    const key = keyId === null ? null : await this.#dataKey(connection, send, keyId);
    if (connection.isOpen && key !== undefined) this.#append(connection, send, target, key);
  }

  /** Undefined: the id is so old that what it names must not be sealed any more, which is a verdict as the fold's would be. */
  async #dataKey(connection: Connection, send: SendFrame, keyId: DataKeyId): Promise<Buffer | undefined> {
    try {
      return await this.#on.dataKeys.obtain(keyId);
    } catch (error) {
      if (!hasCode(error, 'out_of_window')) throw error;
      const { conversation_id, message_id } = send;
      connection.send('refused', { conversation_id, message_id, code: 'out_of_window' });
      return undefined;
    }
  }

  /** A reply whose target is gone is taken without; the fold decides who may do what to the others. */
  async #target(send: SendFrame, targetId: string): Promise<MessageTarget | null> {
    const row = await this.#on.messages.find(send.conversation_id, targetId);
    if (row === null) {
      if (needsTarget(send.message_type)) throw new ParleyError('target_missing');
      return null;
    }
    return {
      message_id: row.messageId,
      seq: row.seq,
      sender_id: row.senderId,
      message_type: row.messageType,
      at_ms: row.atMs,
    };
  }

  #append(connection: Connection, send: SendFrame, target: MessageTarget | null, key: Buffer | null): void {
    const value = this.#on.codec.encode('message_sent', {
      conversation_id: send.conversation_id,
      peer_id: send.peer_id,
      message_id: send.message_id,
      sender_id: connection.userId,
      sender_device_id: connection.deviceId,
      message_type: send.message_type,
      ...contentOf(send, key),
      reply_to: send.reply_to,
      target,
      mls: send.mls,
      rules_version: currentRules.version,
    });
    const nowMs = this.#on.clock.nowMs();
    connection.sendsInFlight++;
    this.#inFlight++;
    try {
      this.#on.log.append(new PendingSend(connection, send.conversation_id, send.message_id, value, nowMs, this));
    } catch (error) {
      this.#settled(connection);
      throw error;
    }
  }

  sendAppended({ connection, key, messageId }: PendingSend): void {
    this.#settled(connection);
    this.#on.counts.sendsAppended++;
    connection.verdictsAwaited++;
    connection.send('appended', { conversation_id: key, message_id: messageId });
  }

  sendFailed({ connection, messageId }: PendingSend, error: ParleyError): void {
    this.#settled(connection);
    this.#on.counts.sendsFailed++;
    this.#on.errors.report(connection, error, { requestId: null, messageId }, this.#on.clock.nowMs());
  }

  #settled(connection: Connection): void {
    connection.sendsInFlight--;
    this.#inFlight--;
  }
}
