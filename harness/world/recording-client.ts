/** A device under test: the SDK's client with everything that it told its application kept for the checks. */

import type { Clock } from '@parley/schemas/environment/clock';
import { systemClock, systemRandom, systemTimers } from '@parley/schemas/environment/system';
import type { PresenceStatus, WireMessage } from '@parley/schemas/generated/wire';
import { ParleyClient } from '@parley/sdk/client';
import type { ClientEvents, Verdict } from '@parley/sdk/events';
import type { ClientSettings, NewMessage } from '@parley/sdk/settings';
import { type CursorStore, MemoryCursorStore, MemoryOutboxStore, type OutboxStore } from '@parley/sdk/stores';
import type { Transport } from '@parley/sdk/transport';
import { nodeTransport } from '@parley/sdk/transport.ws';
import { until } from '../services/until.ts';
import type { RegisteredDevice } from './people.ts';

export interface RecordingOptions {
  readonly urls: readonly string[];
  readonly transport?: Transport;
  readonly clock?: Clock;
  readonly settings?: Partial<ClientSettings>;
  /** Holds the application's thumb on the messages: they are not acknowledged until it resolves. */
  readonly take?: (messages: readonly WireMessage[]) => Promise<void> | void;
}

export interface Sent {
  readonly messageId: string;
  readonly body: Uint8Array;
  verdict: Verdict | null;
}

export class RecordingClient {
  readonly device: RegisteredDevice;
  /** What the application was given, by conversation, in the order in which it was given. */
  readonly received = new Map<string, WireMessage[]>();
  readonly statuses = new Map<string, string[]>();
  readonly presence: { userId: string; status: PresenceStatus; lastSeenMs: number | null }[] = [];
  readonly receipts: ClientEvents['receipt'][] = [];
  readonly sent: Sent[] = [];
  readonly errors: ClientEvents['error'][] = [];
  readonly disconnects: ClientEvents['disconnected'][] = [];
  readonly gateways: string[] = [];
  readonly appended = new Set<string>();
  syncs = 0;
  ended: string | null = null;
  client: ParleyClient;
  readonly #options: RecordingOptions;
  readonly #cursors: CursorStore = new MemoryCursorStore();
  readonly #outbox: OutboxStore = new MemoryOutboxStore();

  constructor(device: RegisteredDevice, options: RecordingOptions) {
    this.device = device;
    this.#options = options;
    this.client = this.#make();
  }

  #make(): ParleyClient {
    const { urls, transport = nodeTransport, clock = systemClock, settings = {}, take } = this.#options;
    const client = new ParleyClient({
      urls,
      credentials: this.device.credentials,
      deviceId: this.device.deviceId,
      transport,
      cursors: this.#cursors,
      outbox: this.#outbox,
      clock,
      timers: systemTimers,
      random: systemRandom,
      take: async (conversationId, messages) => {
        await take?.(messages);
        this.#list(this.received, conversationId).push(...messages);
      },
      settings: { backoff: { firstMs: 100, maxMs: 2_000 }, ...settings },
    });
    client.on('status', ({ messageId, status }) => this.#list(this.statuses, messageId).push(status));
    client.on('presence', (presence) => this.presence.push(presence));
    client.on('receipt', (receipt) => this.receipts.push(receipt));
    client.on('error', (error) => this.errors.push(error));
    client.on('disconnected', (lost) => this.disconnects.push(lost));
    client.on('connected', ({ gatewayId }) => this.gateways.push(gatewayId));
    client.on('appended', ({ messageId }) => this.appended.add(messageId));
    client.on('synced', () => {
      this.syncs++;
    });
    client.on('ended', ({ code }) => {
      this.ended = code;
    });
    return client;
  }

  #list<T>(map: Map<string, T[]>, key: string): T[] {
    const list = map.get(key) ?? [];
    map.set(key, list);
    return list;
  }

  /** Connects and waits until what the server had is here. */
  async online(timeoutMs = 20_000): Promise<this> {
    const before = this.syncs;
    await this.client.start();
    await until(() => this.syncs > before, { what: `sync of ${this.device.deviceId}`, timeoutMs, everyMs: 5 });
    return this;
  }

  async offline(): Promise<void> {
    await this.client.stop();
  }

  /** The application is started again: cursors and outbox are what it saved, everything in memory is gone. */
  async restart(): Promise<void> {
    await this.client.stop();
    this.client = this.#make();
  }

  async send(message: NewMessage): Promise<Sent> {
    const { messageId, verdict } = await this.client.send(message);
    const sent: Sent = { messageId, body: message.encryptedBody, verdict: null };
    this.sent.push(sent);
    void verdict.then((said) => {
      sent.verdict = said;
    });
    return sent;
  }

  /** Sends and waits for the verdict. */
  async sendAndWait(message: NewMessage, timeoutMs = 20_000): Promise<Verdict> {
    const sent = await this.send(message);
    return until(() => sent.verdict, { what: `verdict of ${sent.messageId}`, timeoutMs, everyMs: 5 });
  }

  messages(conversationId: string): readonly WireMessage[] {
    return this.received.get(conversationId) ?? [];
  }

  bodies(conversationId: string): string[] {
    return this.messages(conversationId).map((message) => message.encrypted_body.toString('utf8'));
  }

  /** Waits until the conversation holds this many messages here. */
  async holds(conversationId: string, count: number, timeoutMs = 20_000): Promise<readonly WireMessage[]> {
    return until(() => (this.messages(conversationId).length >= count ? this.messages(conversationId) : null), {
      what: `${count} messages at ${this.device.deviceId} (it has ${this.messages(conversationId).length})`,
      timeoutMs,
      everyMs: 5,
    });
  }

  async status(messageId: string, status: string, timeoutMs = 20_000): Promise<void> {
    await until(() => this.statuses.get(messageId)?.includes(status), {
      what: `${status} of ${messageId}`,
      timeoutMs,
      everyMs: 5,
    });
  }
}
