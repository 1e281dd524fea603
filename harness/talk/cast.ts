/** Who takes part in a run in which things are harmed: pairs of people who talk, each pair for another way in which a harm could show. */
import type { WireMessage } from '@parley/schemas/generated/wire';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import type { BaseWorld } from '../world/base-world.ts';
import type { Person, RegisteredDevice } from '../world/people.ts';
import type { RecordingClient } from '../world/recording-client.ts';

/** A device, and what is expected of it. */
export interface Player {
  readonly client: RecordingClient;
  readonly conversationId: string;
  /** `present`: there at the end. `flapping`: too, but comes and goes. `silent`: leaves for good. `away`: never comes. */
  readonly role: 'present' | 'flapping' | 'silent' | 'away';
}

/** One direction of a conversation. */
export interface Talk {
  readonly name: string;
  readonly from: RecordingClient;
  readonly toUserId: string;
  readonly conversationId: string;
}

/** A device that leaves for good with messages that it was sent and did not acknowledge. */
export interface Departure {
  readonly client: RecordingClient;
  /** It ends before the device leaves, so that no later message makes up for a push that was forgotten. */
  readonly lastWords: Talk;
  readonly hold: Hold;
}

export interface Cast {
  readonly players: readonly Player[];
  readonly talks: readonly Talk[];
  readonly departures: readonly Departure[];
  /** From the second gateway to the second gateway: what a harm of the first should not touch. */
  readonly untouched: readonly Talk[];
}

/** Keeps the silent device's application from taking messages, so that the server waits for their acknowledgement. */
export class Hold {
  #held: Promise<void> | null = null;
  #release: () => void = () => undefined;

  begin(): void {
    this.#held ??= new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  end(): void {
    this.#release();
  }

  readonly take = (_messages: readonly WireMessage[]): Promise<void> => this.#held ?? Promise.resolve();
}

type Where = { readonly gateway?: number };
const anywhere: Where = {};
const first: Where = { gateway: 0 };
const second: Where = { gateway: 1 };

class Casting {
  readonly players: Player[] = [];
  readonly talks: Talk[] = [];
  readonly #world: BaseWorld;

  constructor(world: BaseWorld) {
    this.#world = world;
  }

  async pair(name: string): Promise<{ a: Person; b: Person; conversationId: string }> {
    const [a, b] = await Promise.all([this.#world.person(`${name} A`), this.#world.person(`${name} B`)]);
    return { a, b, conversationId: directConversationId(a.userId, b.userId) };
  }

  device(person: Person, name: string): Promise<RegisteredDevice> {
    return this.#world.device(person, name);
  }

  player(
    device: RegisteredDevice,
    conversationId: string,
    options: Where & { readonly role?: Player['role']; readonly take?: Hold['take'] } = {},
  ): RecordingClient {
    const { role = 'present', ...rest } = options;
    const client = this.#world.client(device, rest);
    this.players.push({ client, conversationId, role });
    return client;
  }

  talk(name: string, from: RecordingClient, to: Person, conversationId: string): Talk {
    const talk = { name, from, toUserId: to.userId, conversationId };
    this.talks.push(talk);
    return talk;
  }

  /** Both send, each from one device. */
  async dialogue(name: string, ofA: Where, ofB: Where & { readonly role?: Player['role'] }): Promise<Talk[]> {
    const { a, b, conversationId } = await this.pair(name);
    const clientOfA = this.player(a.first, conversationId, ofA);
    const clientOfB = this.player(b.first, conversationId, ofB);
    return [this.talk(`${name} A`, clientOfA, b, conversationId), this.talk(`${name} B`, clientOfB, a, conversationId)];
  }

  /** The device that will leave is at one gateway, whoever talks to it at the other. */
  async departure(index: number): Promise<Departure> {
    const hold = new Hold();
    const name = `last words ${index + 1}`;
    const [here, there] = index % 2 === 0 ? [first, second] : [second, first];
    const { a, b, conversationId } = await this.pair(name);
    const client = this.player(b.first, conversationId, { ...here, role: 'silent', take: hold.take });
    const lastWords = this.talk(`${name} A`, this.player(a.first, conversationId, there), b, conversationId);
    return { client, lastWords, hold };
  }
}

/** Registers everybody; nobody is connected yet. */
export async function castOf(world: BaseWorld, departing: number): Promise<Cast> {
  const casting = new Casting(world);
  await casting.dialogue('roaming', anywhere, anywhere);
  await casting.dialogue('across', first, second);
  await casting.dialogue('first', first, first);
  const untouched = await casting.dialogue('second', second, second);
  await casting.dialogue('flapping', anywhere, { role: 'flapping' });

  const away = await casting.pair('away');
  casting.player(away.b.first, away.conversationId, { role: 'away' });
  const toAway = casting.player(away.a.first, away.conversationId, anywhere);
  casting.talk('away A', toAway, away.b, away.conversationId);

  const many = await casting.pair('devices');
  casting.player(many.b.first, many.conversationId, anywhere);
  casting.player(await casting.device(many.b, 'desktop'), many.conversationId, first);
  casting.player(await casting.device(many.b, 'tablet'), many.conversationId, { role: 'away' });
  const toMany = casting.player(many.a.first, many.conversationId, anywhere);
  casting.talk('devices A', toMany, many.b, many.conversationId);

  const departures: Departure[] = [];
  for (let index = 0; index < departing; index++) departures.push(await casting.departure(index));
  return { players: casting.players, talks: casting.talks, departures, untouched };
}
