/** What the user of one device does, act by act, for as long as the workload runs. */
import type { NewMessage } from '@parley/sdk/settings';
import { timersSeconds } from '@parley/streams/conversation/timers';
import type { SeededRandom } from '../environment/seeded-random.ts';
import type { Device, TakenMessage } from '../processes/device.ts';
import { markers } from '../utterances.ts';
import type { World } from '../world.ts';
import type { Chat, Conversations } from './conversations.ts';

type Act =
  | 'write'
  | 'burst'
  | 'respond'
  | 'read'
  | 'mark'
  | 'page'
  | 'list'
  | 'ask'
  | 'watch'
  | 'type'
  | 'privacy'
  | 'network'
  | 'application'
  | 'look_away';

const weights: Readonly<Record<Act, number>> = {
  write: 30,
  burst: 3,
  respond: 14,
  read: 22,
  mark: 4,
  page: 5,
  list: 3,
  ask: 3,
  watch: 3,
  type: 8,
  privacy: 1,
  network: 8,
  application: 5,
  look_away: 2,
};

const acts = (Object.keys(weights) as Act[]).flatMap((act) => Array.from({ length: weights[act] }, () => act));
const mostOfflineMs = 70_000;

export class Person {
  readonly #world: World;
  readonly #device: Device;
  readonly #random: SeededRandom;
  readonly #conversations: Conversations;
  #count = 0;
  readonly #doings: Readonly<Record<Act, () => void>> = {
    write: () => this.#write(),
    burst: () => this.#burst(),
    respond: () => this.#respond(),
    read: () => this.#read(),
    mark: () => this.#mark(),
    page: () => this.#page(),
    list: () => this.#quietly(this.#device.client?.inbox()),
    ask: () => this.#ask(),
    watch: () => this.#watch(),
    type: () => this.#type(),
    privacy: () => this.#world.privacy.change(this.#device.userId, this.#random, this.#world.time.nowMs()),
    network: () => this.#network(),
    application: () => this.#application(),
    look_away: () => this.#lookAway(),
  };

  constructor(world: World, device: Device, random: SeededRandom, conversations: Conversations) {
    this.#world = world;
    this.#device = device;
    this.#random = random;
    this.#conversations = conversations;
  }

  act(): void {
    this.#doings[this.#random.pick(acts)]();
  }

  #burst(): void {
    for (let left = this.#random.between(3, 12); left > 0; left--) this.#write();
  }

  #lookAway(): void {
    this.#device.lookAway(this.#random.chance(0.5) ? 0 : this.#random.between(500, 15_000));
  }

  #write(): void {
    const chat = this.#conversations.chatOf(this.#device);
    if (chat !== null) this.#send(chat, {});
  }

  #send({ conversationId, peerId }: Chat, about: Pick<NewMessage, 'messageType' | 'targetId' | 'replyTo'>): void {
    const name = `${this.#device.name}-${++this.#count}`;
    const content = markers.body + name;
    const to = peerId === null ? { conversationId } : { conversationId, peerId };
    const preview = this.#random.chance(0.5) ? markers.preview + name : null;
    const timer = this.#isBehind(conversationId) ? { timerSeconds: this.#random.pick(timersSeconds) } : {};
    this.#quietly(this.#device.send(conversationId, content, { ...to, ...about, ...timer, preview }));
  }

  /** Now and then an application has not asked for the timer. */
  #isBehind(conversationId: string): boolean {
    return this.#world.relay.timerOf(conversationId) > 0 && this.#random.chance(0.05);
  }

  /** Edit, delete, react or answer: mostly to what is known, mostly where it is allowed. */
  #respond(): void {
    const chat = this.#conversations.chatOf(this.#device);
    if (chat === null) return;
    const known = this.#device.taken.get(chat.conversationId) ?? [];
    if (known.length === 0) return;
    const type = this.#random.pick(['edit', 'delete', 'reaction', 'reply'] as const);
    const isOwn = ({ message }: TakenMessage): boolean => message.sender_id === this.#device.userId;
    const wanted = type === 'edit' || type === 'delete' ? known.filter(isOwn) : known;
    const target = this.#random.pick(wanted.length > 0 && this.#random.chance(0.9) ? wanted : known);
    if (type === 'reply') this.#send(chat, { replyTo: target.messageId });
    else this.#send(chat, { messageType: type, targetId: target.messageId });
  }

  #read(): void {
    const [conversationId, list] = this.#random.pick([...this.#device.taken]) ?? [];
    if (conversationId === undefined || list === undefined || list.length === 0) return;
    const one = this.#random.chance(0.8) ? list.at(-1)! : this.#random.pick(list);
    this.#device.client?.markRead(conversationId, one.seq, one.messageId);
  }

  /** Nobody mutes for long, so that everybody is notified. */
  #mark(): void {
    const [conversationId, list] = this.#random.pick([...this.#device.taken]) ?? [];
    const { client } = this.#device;
    if (conversationId === undefined || list === undefined || list.length === 0 || client === null) return;
    const { marks } = client;
    const kind = this.#random.pick(['pin', 'archive', 'mute', 'markUnread', 'clear'] as const);
    const isOn = this.#random.chance(0.6);
    const { seq, messageId } = this.#random.pick(list);
    if (kind === 'clear') this.#quietly(marks.clear(conversationId, { seq, messageId }));
    else if (kind === 'mute') this.#quietly(marks.mute(conversationId, isOn ? this.#random.between(1, 1_000) : null));
    else this.#quietly(marks[kind](conversationId, isOn));
  }

  #page(): void {
    const [conversationId, list] = this.#random.pick([...this.#device.taken]) ?? [];
    if (conversationId === undefined || list === undefined || list.length === 0) return;
    const from = this.#random.pick(list);
    const limit = this.#random.between(1, 30);
    this.#quietly(this.#device.client?.history(conversationId, from.seq, from.message.at_ms, limit));
  }

  #ask(): void {
    const [conversationId] = this.#random.pick([...this.#device.taken]) ?? [];
    if (conversationId !== undefined) this.#quietly(this.#device.client?.receipts(conversationId, 0));
  }

  #watch(): void {
    const { users } = this.#world;
    const others = users.filter((userId) => userId !== this.#device.userId);
    this.#device.watched = this.#random.chance(0.2) ? [] : others.filter(() => this.#random.chance(0.6));
    if (this.#device.watched.length > 0) this.#device.client?.watch(this.#device.watched);
    else this.#device.client?.unwatch(others);
  }

  /** Where one still is, or was once. */
  #type(): void {
    const [known] = this.#random.pick([...this.#device.taken]) ?? [];
    const conversationId = known ?? this.#conversations.chatOf(this.#device)?.conversationId;
    if (conversationId === undefined) return;
    this.#device.client?.typing(
      conversationId,
      this.#random.pick(['writing', 'writing', 'recording', 'stopped'] as const),
    );
  }

  #network(): void {
    const { client } = this.#device;
    if (client === null) return;
    if (this.#random.chance(0.4)) {
      client.drop();
      return;
    }
    this.#quietly(this.#device.goOffline());
    this.#later(() => this.#quietly(this.#device.goOnline()));
  }

  #application(): void {
    if (!this.#device.isRunning) return;
    if (this.#random.chance(0.5)) this.#device.life?.aimCrash(this.#random.between(0, 6));
    else this.#device.kill();
    this.#later(() => {
      this.#device.kill();
      this.#device.start();
    });
  }

  #later(run: () => void): void {
    const mostMs = this.#random.pick([5_000, 5_000, mostOfflineMs, mostOfflineMs, 3 * mostOfflineMs]);
    const delayMs = this.#random.between(0, mostMs);
    this.#world.time.after(delayMs, () => {
      if (this.#world.isActive) run(); // Afterwards all are brought back by whoever ends the run.
    });
  }

  /** A refusal is shown to the user, who shrugs. */
  #quietly(work: Promise<unknown> | undefined): void {
    work?.catch((error: unknown) => this.#world.trace.add(this.#device.name, `is told ${String(error)}`));
  }
}
