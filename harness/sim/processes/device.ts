/**
 * A device and its application: the SDK's client over a disk that survives the application, which may die at any moment.
 *
 * The application keeps each message by its place, as docs/PROTOCOL.md asks of one: what it was given twice because it died before
 * the cursor was saved it knows, and only that; anything else that comes twice is recorded as it came.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { WireMessage } from '@parley/schemas/generated/wire';
import { ParleyClient } from '@parley/sdk/client';
import type { ClientEvents } from '@parley/sdk/events';
import type { NewMessage } from '@parley/sdk/settings';
import { type Cursor, type CursorStore, copyOf, type OutboxEntry, type OutboxStore } from '@parley/sdk/stores';
import type { RecordedDelay } from '../../checks/history.ts';
import { contentOf } from '../content.ts';
import { Life } from '../environment/life.ts';
import type { SeededRandom } from '../environment/seeded-random.ts';
import type { World } from '../world.ts';
import { Disk } from './disk.ts';

export interface DeviceSend {
  readonly conversationId: string;
  readonly content: string;
  readonly message: NewMessage;
  /** Sent when all was calm. */
  readonly isFlawless: boolean;
  isAppended: boolean;
  verdict: { kind: 'accepted'; messageId: string; seq: number } | { kind: 'refused'; code: string } | null;
}

export interface TakenMessage {
  readonly seq: number;
  readonly messageId: string;
  readonly content: string;
  readonly atMs: number;
  readonly message: WireMessage;
}

/** In the body of what is written when nothing fails any more. */
export const writtenAtLast = ' at last to ';
/** A device has synced so long after it connected; a user who looks again has caught up so long after. */
const connectMs = 3_000;
const backlogMs = 60_000;
/** More than an upgrade can be on its way. */
const upgradeMs = 40_000;

export class Device {
  readonly name: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #disk: Disk;
  skewMs: number;
  /** Bytes a second that it takes; null: all. */
  rate: number | null = null;
  /** How long each message waits to be taken: its user does not look. */
  #takeDelayMs = 0;
  #attentiveSinceMs = 0;
  #connectedSinceMs = Number.POSITIVE_INFINITY;
  readonly delays: (RecordedDelay & { readonly isAtLast: boolean })[] = [];
  readonly cursors = new Map<string, Cursor>();
  readonly outbox = new Map<string, OutboxEntry>();
  readonly taken = new Map<string, TakenMessage[]>();
  readonly sends: DeviceSend[] = [];
  readonly statuses: (ClientEvents['status'] & { readonly life: number })[] = [];
  readonly presence: (ClientEvents['presence'] & { readonly atMs: number })[] = [];
  wasOnline = false;
  /** Since its newest connection it has said that it has everything. */
  isSynced = false;
  /** So many more messages find room on its disk; null: all do. What it deletes it can delete. */
  room: number | null = null;
  /** Of the newest connection that it knows of. */
  connectionId = 0;
  isRunning = false;
  /** Nobody touches it any more: it neither starts nor connects. */
  isAsleep = false;
  /** By the user, from another device: it goes on trying. */
  isRevoked = false;
  /** Since when gateways can know it. */
  revokedSinceMs = Number.POSITIVE_INFINITY;
  endedWith: string | null = null;
  /** By conversation: the cursor that the running application began with (later: up to where it repeated), and what was taken. */
  #begunWith = new Map<string, { cursor: number; readonly taken: number }>();
  #life: Life | null = null;
  #client: ParleyClient | null = null;
  #lives = 0;
  #isWanted = false;
  watched: readonly string[] = [];

  constructor(world: World, name: string, userId: string, random: SeededRandom) {
    this.#world = world;
    this.name = name;
    this.userId = userId;
    this.deviceId = random.uuid();
    this.#random = random;
    this.#disk = new Disk(random.fork('disk'));
    this.skewMs = 0;
  }

  /** Nobody waits for it to have everything. */
  get isOut(): boolean {
    return this.isAsleep || this.isRevoked;
  }

  /** How often its application was started. */
  get lives(): number {
    return this.#lives;
  }

  get client(): ParleyClient | null {
    return this.#client;
  }

  get life(): Life | null {
    return this.#life;
  }

  get isConnected(): boolean {
    return this.#client?.isConnected ?? false;
  }

  takenUpTo(conversationId: string): number {
    return this.taken.get(conversationId)?.at(-1)?.seq ?? 0;
  }

  /** Starts the application; it connects. */
  start(): void {
    if (this.isRunning || this.isAsleep) return;
    this.isRunning = true;
    this.#isWanted = true;
    this.endedWith = null;
    this.#begunWith = new Map(
      [...this.taken.keys()].map((id) => [id, { cursor: this.cursors.get(id)?.seq ?? 0, taken: this.takenUpTo(id) }]),
    );
    const life = new Life({
      name: `${this.name}#${++this.#lives}`,
      time: this.#world.time,
      skewMs: () => this.skewMs,
      crashed: () => {
        this.isRunning = false;
        this.#client = null;
      },
    });
    this.#life = life;
    const client = this.#makeClient(life);
    this.#client = client;
    this.#listen(client);
    void client.start();
  }

  #makeClient(life: Life): ParleyClient {
    const world = this.#world;
    const { userId, deviceId } = this;
    return new ParleyClient({
      urls: world.gatewayUrls,
      credentials: { userId, accessToken: async (renew) => this.#accessToken(renew) },
      deviceId,
      transport: world.devices.transportOf(life, () => this.rate),
      cursors: this.#cursorStore(life),
      outbox: this.#outboxStore(life),
      clock: life,
      timers: life,
      random: this.#random.fork(`client ${this.#lives}`),
      take: (conversationId, messages) => this.#take(life, conversationId, messages),
    });
  }

  /** The api gives a revoked device no new one. */
  #accessToken(renew: boolean): string {
    if (renew && this.isRevoked) throw new ParleyError('device_revoked');
    return this.#world.tokenOf(this);
  }

  #cursorStore(life: Life): CursorStore {
    return {
      load: () => this.#disk.call(life, () => [...this.cursors.values()]),
      save: (cursors) =>
        this.#disk.call(life, () => {
          for (const cursor of cursors) this.cursors.set(cursor.conversationId, cursor);
        }),
    };
  }

  #outboxStore(life: Life): OutboxStore {
    const put = (entry: OutboxEntry): void => {
      if (this.room !== null && this.room-- <= 0) throw new Error('the disk is full');
      this.outbox.set(entry.messageId, entry);
    };
    return {
      load: () => this.#disk.call(life, () => [...this.outbox.values()]),
      put: (entry) => {
        const copy = copyOf(entry);
        return this.#disk.call(life, () => put(copy));
      },
      replace: (messageId, entry) => {
        const copy = copyOf(entry);
        return this.#disk.call(life, () => {
          put(copy);
          this.outbox.delete(messageId);
        });
      },
      remove: (messageId) => this.#disk.call(life, () => void this.outbox.delete(messageId)),
    };
  }

  async #take(life: Life, conversationId: string, messages: readonly WireMessage[]): Promise<void> {
    const delayMs = this.#takeDelayMs;
    if (delayMs > 0) await new Promise<void>((resolve) => void life.after(delayMs, resolve));
    await this.#disk.call(life, () => {
      for (const message of messages) this.#keep(conversationId, message);
    });
  }

  #keep(conversationId: string, message: WireMessage): void {
    const { seq, message_id: messageId, encrypted_body: body, system } = message;
    const list = this.taken.get(conversationId) ?? [];
    this.taken.set(conversationId, list);
    if (this.#isKnownRepeat(conversationId, seq, messageId)) return;
    const content = contentOf({ messageId, body, system });
    list.push({ seq, messageId, content, atMs: message.at_ms, message });
    this.#noteDelay(message);
    this.#world.trace.add(this.name, `took ${conversationId.slice(0, 4)}:${seq} ${content}`);
    if (message.sender_device_id === this.deviceId) this.#settled(content, { kind: 'accepted', messageId, seq });
  }

  /** Of a message that came while the device was connected and its user attentive, for long enough before. */
  #noteDelay({ conversation_id: conversationId, seq, at_ms: atMs, encrypted_body: body }: WireMessage): void {
    const readySinceMs = Math.max(this.#connectedSinceMs + connectMs, this.#attentiveSinceMs + backlogMs);
    if (this.#takeDelayMs > 0 || atMs < readySinceMs) return;
    const isAtLast = body.includes(writtenAtLast);
    this.delays.push({ deviceId: this.name, conversationId, seq, tookMs: this.#world.time.nowMs() - atMs, isAtLast });
  }

  /** From now on each message waits so long. */
  lookAway(delayMs: number): void {
    if (this.#takeDelayMs > 0 && delayMs === 0) this.#attentiveSinceMs = this.#world.time.nowMs();
    this.#takeDelayMs = delayMs;
  }

  /** Taken by an earlier application that died before its cursor was saved: such a message may come once more, in order. */
  #isKnownRepeat(conversationId: string, seq: number, messageId: string): boolean {
    const begun = this.#begunWith.get(conversationId) ?? { cursor: 0, taken: 0 };
    if (seq <= begun.cursor || seq > begun.taken) return false;
    begun.cursor = seq;
    return this.taken.get(conversationId)?.some((one) => one.seq === seq && one.messageId === messageId) ?? false;
  }

  #settled(content: string, verdict: NonNullable<DeviceSend['verdict']>): void {
    const send = this.sends.find((one) => one.content === content);
    if (send === undefined || send.verdict?.kind === 'accepted') return;
    send.verdict = verdict;
  }

  #listen(client: ParleyClient): void {
    const { trace } = this.#world;
    client.on('connected', ({ gatewayId, connectionId }) => {
      this.wasOnline = true;
      this.connectionId = connectionId;
      this.isSynced = false;
      this.#connectedSinceMs = this.#world.time.nowMs();
      if (this.#connectedSinceMs > this.revokedSinceMs + upgradeMs)
        this.#world.problems.push(`${this.name} was let in after it was revoked`);
      trace.add(this.name, `connected ${gatewayId} ${connectionId}`);
      if (this.watched.length > 0) client.watch(this.watched);
    });
    client.on('synced', () => {
      this.isSynced = true;
      trace.add(this.name, 'synced');
    });
    client.on('disconnected', ({ code, reason }) => {
      this.#connectedSinceMs = Number.POSITIVE_INFINITY;
      trace.add(this.name, `disconnected ${code} ${reason}`);
    });
    client.on('status', (status) => {
      this.statuses.push({ ...status, life: this.#lives });
      this.#world.observer.ticked(this, status);
      if (status.status === 'sent') this.#accepted(status);
    });
    client.on('appended', ({ messageId }) => this.#appended(messageId));
    client.on('refused', ({ messageId, code }) => this.#refused(messageId, code));
    client.on('renamed', ({ messageId, newMessageId }) => trace.add(this.name, `renamed ${messageId} ${newMessageId}`));
    client.on('gap', ({ conversationId, afterSeq, beforeSeq }) =>
      trace.add(this.name, `gap ${conversationId.slice(0, 4)} ${afterSeq}..${beforeSeq}`),
    );
    client.on('presence', (presence) => this.presence.push({ ...presence, atMs: this.#world.time.nowMs() }));
    client.on('error', ({ code, message }) => trace.add(this.name, `error ${code} ${message}`));
    client.on('ended', ({ code }) => {
      this.endedWith = code;
      if (!this.isRevoked) this.#world.problems.push(`the client of ${this.name} gave up for good: ${code}`);
      trace.add(this.name, `ended ${code}`);
    });
  }

  #accepted({ messageId, seq }: ClientEvents['status']): void {
    const content = this.#contentOf(messageId);
    if (content !== undefined) this.#settled(content, { kind: 'accepted', messageId, seq });
  }

  #refused(messageId: string, code: string): void {
    const content = this.#contentOf(messageId);
    if (content !== undefined) this.#settled(content, { kind: 'refused', code });
  }

  #appended(messageId: string): void {
    const content = this.#contentOf(messageId);
    const send = this.sends.find((one) => one.content === content);
    if (send !== undefined) send.isAppended = true;
  }

  #contentOf(messageId: string): string | undefined {
    const body = this.outbox.get(messageId)?.message.encryptedBody;
    return body === undefined ? undefined : Buffer.from(body).toString('latin1');
  }

  async send(
    conversationId: string,
    content: string,
    message: Omit<NewMessage, 'encryptedBody'>,
    isFlawless = false,
  ): Promise<void> {
    const client = this.#client;
    if (client === null) return;
    const timerSeconds = this.#world.relay.timerOf(conversationId);
    const whole: NewMessage = { timerSeconds, ...message, encryptedBody: Buffer.from(content, 'latin1') };
    const about = { conversationId, content, message: whole, isFlawless };
    const send: DeviceSend = { ...about, isAppended: false, verdict: null };
    // Until the SDK has said that it keeps the message the application still shows it as being written.
    const { messageId, verdict } = await client.send(whole);
    this.sends.push(send);
    this.#world.trace.add(this.name, `sends ${conversationId.slice(0, 4)} ${content} ${messageId}`);
    const said = await verdict;
    this.#world.trace.add(this.name, `verdict ${content} ${said.kind === 'accepted' ? said.seq : said.code}`);
    if (said.kind === 'accepted') this.#settled(content, said);
    else this.#settled(content, { kind: 'refused', code: said.code });
  }

  /** The user turns the network off; the application lives. */
  async goOffline(): Promise<void> {
    this.#isWanted = false;
    await this.#client?.stop();
  }

  async goOnline(): Promise<void> {
    if (this.isAsleep || (this.#isWanted && this.endedWith === null)) return;
    this.#isWanted = true;
    this.endedWith = null;
    await this.#client?.start();
  }

  fallAsleep(): void {
    this.isAsleep = true;
    this.kill();
  }

  kill(): void {
    this.#life?.crash();
  }
}
