/**
 * A Parley client: one device of one user.
 *
 * ```ts
 * const client = new ParleyClient({ urls: ['wss://chat.example.org'], credentials, deviceId, transport, ... });
 * client.on('messages', ({ messages }) => show(messages));
 * await client.start();
 * const { verdict } = await client.send({ peerId: bob, encryptedBody });
 * ```
 *
 * After every connect: hello corrects the clock, the outbox is sent again, then inbox and fetch bring what was missed while live
 * frames already arrive; both meet in the timelines, which drop what comes twice and show what is missing.
 */
import type { Frame } from '@parley/schemas/codec/frame-codec';
import type { TimerHandle } from '@parley/schemas/environment/clock';
import type {
  AcceptedFrame,
  HelloFrame,
  InboxPageFrame,
  MemberReceipt,
  PageFrame,
  TypingKind,
  WireMessage,
} from '@parley/schemas/generated/wire';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { createNanoEvents } from 'nanoevents';
import { Connection } from './connection.ts';
import { ConversationList } from './conversation-list.ts';
import { Conversations, type ConversationsPort } from './conversations.ts';
import { type ClientEvents, systemChanges, type Verdict } from './events.ts';
import { ListKeeper } from './list-keeper.ts';
import { Marks } from './marks.ts';
import { Outbox, type Pending } from './outbox.ts';
import { ownMessage } from './own-message.ts';
import { type AroundOptions, type Members, type MembersOptions, Queries } from './queries.ts';
import { Receipts } from './receipts.ts';
import { Requests } from './requests.ts';
import { Sending } from './sending.ts';
import { ServerClock } from './server-clock.ts';
import { type ClientOptions, type ClientSettings, defaultClientSettings, type NewMessage } from './settings.ts';
import { Statuses } from './statuses.ts';
import type { Cursor } from './stores.ts';
import { Typing } from './typing.ts';
import { Watching, watchRequestId } from './watching.ts';

type ClientHandlers = { [E in keyof ClientEvents]: (data: ClientEvents[E]) => void };

/** Close codes after which nothing is wrong: this side asked for it. */
const ownCloseCodes: ReadonlySet<number> = new Set([1000, 1005]);

export class ParleyClient {
  readonly userId: string;
  readonly deviceId: string;
  readonly serverClock: ServerClock;
  /** The conversation list, as far as this device knows it. */
  readonly list: ConversationList;
  /** Pin, archive, mute, mark unread, clear. */
  readonly marks: Marks;
  readonly #options: ClientOptions;
  readonly #settings: ClientSettings;
  readonly #events = createNanoEvents<ClientHandlers>();
  readonly #connection: Connection;
  readonly #requests: Requests;
  readonly #queries: Queries;
  readonly #keeper: ListKeeper;
  readonly #outbox: Outbox;
  readonly #sending: Sending;
  readonly #receipts: Receipts;
  readonly #conversations: Conversations;
  readonly #typing: Typing;
  readonly #watching: Watching;
  #restored: Promise<void> | null = null;
  /** What was acknowledged since then may not have arrived, and was not said again yet. */
  #doubtSinceMs = Number.POSITIVE_INFINITY;
  #resync: TimerHandle | null = null;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#settings = { ...defaultClientSettings, ...options.settings };
    this.userId = options.credentials.userId;
    this.deviceId = options.deviceId;
    const { clock, timers, random, transport, urls, credentials, deviceId, cursors } = options;
    const { backoff, helloTimeoutMs, requestTimeoutMs, maxTrackedStatuses } = this.#settings;
    this.serverClock = new ServerClock(clock);
    this.#requests = new Requests(timers, requestTimeoutMs);
    this.#queries = new Queries(this.#requests, (name, body) => this.#connection.send(name, body), this.#settings);
    this.list = new ConversationList(this.userId, (conversation) => this.#events.emit('conversation', conversation));
    this.marks = new Marks(this.#queries, this.list);
    this.#keeper = new ListKeeper(this.list, this.marks, this.#queries, (conversation_id, { seq, messageId }) =>
      this.#connection.send('read', { conversation_id, seq, message_id: messageId }),
    );
    const notKept = (error: unknown): void =>
      this.#events.emit('error', { code: 'internal', message: `the outbox could not be kept: ${String(error)}` });
    this.#outbox = new Outbox(options.outbox, this.serverClock, random, this.#settings.outbox, notKept);
    this.#receipts = new Receipts(
      {
        userId: this.userId,
        watermarks: (conversationId) => this.receipts(conversationId, 0),
        changed: (conversationId, change) => this.#events.emit('status', { conversationId, ...change }),
        failed: (error) =>
          this.#events.emit('error', { code: 'unavailable', message: `receipts of a group: ${String(error)}` }),
      },
      new Statuses(maxTrackedStatuses),
    );
    this.#watching = new Watching(
      {
        send: (name, frame) => this.#connection.send(name, frame),
        failed: (code, message) => this.#events.emit('error', { code, message }),
      },
      timers,
    );
    this.#typing = new Typing(
      {
        send: (frame) => this.#connection.send('typing', frame),
        changed: (event) => this.#events.emit('typing', event),
      },
      { clock, timers },
    );
    this.#connection = new Connection(
      { urls, credentials, transport, clock, serverClock: this.serverClock, timers, random, backoff, helloTimeoutMs },
      {
        hello: (hello) => this.#connected(hello),
        frame: (frame) => this.#frame(frame),
        lost: (code, reason, reconnectInMs) => this.#lost(code, reason, reconnectInMs),
      },
    );
    this.#conversations = new Conversations(
      this.#conversationsPort(),
      { cursors, clock, timers, deviceId },
      this.#settings,
    );
    this.#sending = new Sending(
      this.#outbox,
      {
        send: (frame) => this.#connection.send('send', frame),
        repair: (conversationId) => this.#conversations.repair(conversationId),
        accepted: (pending, verdict) => this.#accepted(pending, verdict),
        refused: ({ messageId, message: { conversationId } }, code) =>
          this.#events.emit('refused', { conversationId, messageId, code }),
        renamed: (messageId, newMessageId) => this.#events.emit('renamed', { messageId, newMessageId }),
        failed: notKept,
      },
      timers,
    );
  }

  /** Calls the handler at every such event until the returned function is called. */
  on<E extends keyof ClientEvents>(event: E, handler: (data: ClientEvents[E]) => void): () => void {
    return this.#events.on(event, handler as ClientHandlers[E]);
  }

  get isConnected(): boolean {
    return this.#connection.isReady;
  }

  /** Messages that have no verdict yet. */
  get pendingCount(): number {
    return this.#outbox.size;
  }

  async start(): Promise<void> {
    this.#restored ??= Promise.all([this.#conversations.restore(), this.#outbox.restore()]).then(() => undefined);
    await this.#restored;
    this.#connection.start();
  }

  /** Closes the connection; what has no verdict stays in the outbox. */
  async stop(): Promise<void> {
    this.#connection.stop();
    this.#sending.disconnected();
    await this.#conversations.idle();
  }

  /** Lets the connection fail, as a network would. */
  drop(): void {
    this.#connection.drop();
  }

  /** Resolves once the message is kept; its verdict follows, whatever happens to connections until then. @throws ParleyError `queue_full` */
  send(message: NewMessage): Promise<{ messageId: string; verdict: Promise<Verdict> }> {
    const { peerId = null } = message;
    const conversationId =
      message.conversationId ?? (peerId === null ? null : directConversationId(this.userId, peerId));
    if (conversationId === null) throw new TypeError('a message needs a peerId or a conversationId');
    this.#typing.sent(conversationId);
    return this.#sending.add({
      conversationId,
      peerId,
      messageType: message.messageType ?? 'text',
      encryptedBody: message.encryptedBody,
      preview: message.preview ?? null,
      mediaUrl: message.mediaUrl ?? null,
      thumbnailUrl: message.thumbnailUrl ?? null,
      replyTo: message.replyTo ?? null,
      targetId: message.targetId ?? null,
      timerSeconds: message.timerSeconds ?? 0,
      mls: message.mls ?? null,
    });
  }

  /** What the user does in a conversation, said with every keystroke if one likes. False if there is no connection. */
  typing(conversationId: string, kind: TypingKind): boolean {
    return this.#typing.say(conversationId, kind);
  }

  /** The user has read everything up to this message. False if there is no connection: it is said after the next sync. */
  markRead(conversationId: string, seq: number, messageId: string): boolean {
    return this.#keeper.read(conversationId, { seq, messageId });
  }

  cursor(conversationId: string): Cursor {
    return this.#conversations.timeline(conversationId).cursor;
  }

  /** One page of the conversation list, by conversation id; what is known of all of it is `list`. */
  async inbox(after: string | null = null): Promise<InboxPageFrame> {
    const page = await this.#queries.inbox(after);
    for (const entry of page.entries) this.#keeper.told(entry);
    return page;
  }

  /** One page backwards from a message (0: from the newest). */
  history(conversation_id: string, before_seq: number, before_at_ms: number, limit: number): Promise<PageFrame> {
    return this.#queries.history(conversation_id, before_seq, before_at_ms, limit);
  }

  /** Watermarks of every member, and when each had received and read the message at seq (0: watermarks only). */
  receipts(conversationId: string, seq: number): Promise<readonly MemberReceipt[]> {
    return this.#queries.receipts(conversationId, seq);
  }

  /** What stands around a message, before or after it (null: behind the newest). The page says how far was looked. */
  around(conversationId: string, messageId: string | null, options: AroundOptions): Promise<PageFrame> {
    return this.#queries.around(conversationId, messageId, options);
  }

  /** One page of the own messages that have no place in a 1:1 conversation, older ones by the id of the first. */
  withheld(conversationId: string, before: string | null, limit: number): Promise<PageFrame> {
    return this.#queries.withheld(conversationId, before, limit);
  }

  /** Who is in a conversation, or was at a message or a time. */
  members(conversationId: string, when: MembersOptions = {}): Promise<Members> {
    return this.#queries.members(conversationId, when);
  }

  /** Presence of these users too from now on, as `presence` events, also after reconnects. */
  watch(userIds: readonly string[]): boolean {
    return this.#watching.watch(userIds);
  }

  unwatch(userIds: readonly string[]): boolean {
    return this.#watching.unwatch(userIds);
  }

  #connected(hello: HelloFrame): void {
    this.#events.emit('connected', { connectionId: hello.connection_id, gatewayId: hello.gateway_id });
    this.#sending.connected();
    this.#watching.connected();
    void this.#synchronise();
  }

  #lost(code: number, reason: string, reconnectInMs: number | null): void {
    this.#doubtSinceMs = Math.min(this.#doubtSinceMs, this.#connection.heardAtMs);
    this.#requests.abandon();
    this.#typing.disconnected();
    this.#watching.disconnected();
    this.#sending.disconnected();
    this.#events.emit('disconnected', { code, reason, reconnectInMs });
    if (reconnectInMs === null && !ownCloseCodes.has(code)) this.#events.emit('ended', { code: reason });
  }

  async #synchronise(): Promise<void> {
    try {
      await this.#conversations.synchronise(() => this.#takeDoubt());
      await this.#sending.verify();
      await this.#receipts.refresh();
      this.#events.emit('synced', undefined);
    } catch (error) {
      // Without a connection the next hello starts a sync; with one, a request failed or was refused for now.
      this.#events.emit('error', { code: 'unavailable', message: String(error) });
      this.#resync?.cancel(); // However many fail, one comes after them.
      this.#resync = this.#options.timers.after(this.#settings.resyncAfterMs, () => {
        if (this.#connection.isReady) void this.#synchronise();
      });
    }
  }

  /** It is said again now; where that fails, it stays to be said. */
  #takeDoubt(): number {
    const sinceMs = this.#doubtSinceMs;
    this.#doubtSinceMs = Number.POSITIVE_INFINITY;
    return sinceMs;
  }

  #frame(frame: Frame): void {
    switch (frame.name) {
      case 'message':
        this.#message(frame.body.message);
        this.#typing.ended(frame.body.message.conversation_id, frame.body.message.sender_id);
        break;
      case 'appended':
        if (this.#sending.appended(frame.body.message_id))
          this.#events.emit('appended', { messageId: frame.body.message_id });
        break;
      case 'accepted':
        this.#sending.accepted(frame.body);
        break;
      case 'refused':
        this.#sending.refused(frame.body);
        break;
      case 'inbox_page':
      case 'page':
      case 'receipt_list':
      case 'member_list':
        this.#requests.answer(frame.body.request_id, frame);
        break;
      case 'inbox_update':
        this.list.apply(frame.body.entry);
        if (frame.body.request_id !== null) this.#requests.answer(frame.body.request_id, frame);
        break;
      case 'receipt': {
        const { conversation_id: conversationId, user_id: userId, kind, seq, at_ms: atMs } = frame.body;
        this.#events.emit('receipt', { conversationId, userId, kind, seq, atMs });
        this.#receipts.received(frame.body);
        break;
      }
      case 'receipt_aggregate':
        this.#receipts.advance(frame.body.conversation_id, frame.body.kind, frame.body.seq);
        break;
      case 'presence': {
        const { user_id: userId, status, last_seen_ms: lastSeenMs } = frame.body;
        this.#events.emit('presence', { userId, status, lastSeenMs });
        break;
      }
      case 'keys_low':
        this.#events.emit('keysLow', frame.body);
        break;
      case 'identity_changed':
        this.#events.emit('identityChanged', {
          userId: frame.body.user_id,
          identityVersion: frame.body.identity_version,
        });
        break;
      case 'member_typing':
        this.#typing.received(frame.body);
        break;
      case 'resync':
        void this.#synchronise();
        break;
      case 'error':
        this.#error(frame);
        break;
      default:
        this.#events.emit('error', { code: 'unexpected_frame', message: frame.name });
    }
  }

  #error({ body }: Extract<Frame, { name: 'error' }>): void {
    if (body.message_id !== null) this.#sending.failed({ ...body, message_id: body.message_id });
    else if (body.request_id === watchRequestId) this.#watching.refused(body);
    else if (body.request_id !== null) this.#requests.refuse(body.request_id, body);
    else this.#events.emit('error', { code: body.code, message: body.message });
  }

  #accepted(pending: Pending, verdict: AcceptedFrame): void {
    const { conversation_id: conversationId, message_id: messageId, seq } = verdict;
    if (seq === 0) this.#events.emit('status', { conversationId, messageId, seq, status: 'sent' });
    else this.#receipts.sent(conversationId, messageId, seq);
    this.#message(ownMessage(pending, verdict, this));
  }

  #message(message: WireMessage): void {
    if (message.seq > 0) this.#conversations.live(message);
    else this.#events.emit('withheld', { conversationId: message.conversation_id, message });
  }

  #conversationsPort(): ConversationsPort {
    return {
      isConnected: () => this.#connection.isReady,
      inbox: (after) => this.inbox(after),
      fetch: (cursor) => this.#queries.fetch(cursor),
      seen: (message) => {
        this.#sending.seen(message);
        this.#keeper.seen(message);
      },
      gap: (conversationId, afterSeq, beforeSeq) => this.#events.emit('gap', { conversationId, afterSeq, beforeSeq }),
      take: async (conversationId, messages) => {
        await this.#options.take?.(conversationId, messages);
        this.#events.emit('messages', { conversationId, messages });
        for (const change of systemChanges(conversationId, messages)) this.#events.emit('system', change);
      },
      delivered: (conversation_id, seq) => this.#connection.send('delivered', { conversation_id, seq }),
      failed: (error) => {
        this.#events.emit('error', { code: 'internal', message: `messages could not be kept: ${String(error)}` });
        this.#connection.stop();
      },
    };
  }
}
