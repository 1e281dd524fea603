/**
 * Talk at a steady rate, whatever happens to the servers, recorded for the checks.
 *
 * Every talk sends on its own timer and waits for nothing (the client keeps what it can't send), as people do who do not know that
 * a server died. Contents are unique, so that a message is known again under whatever id it arrives.
 */
import type { Verdict } from '@parley/sdk/events';
import type {
  History,
  RecordedDevice,
  RecordedMessage,
  RecordedReading,
  RecordedSend,
  RecordedVerdict,
} from '../checks/history.ts';
import { until } from '../services/until.ts';
import type { BaseWorld } from '../world/base-world.ts';
import { type Cast, castOf, type Departure, type Player, type Talk } from './cast.ts';
import { scrollBack } from './scroll-back.ts';

const sendEveryMs = 250;
const flapEveryMs = 1_500;

interface Utterance {
  readonly talk: Talk;
  readonly content: string;
  readonly sentAtMs: number;
  messageId: string | null;
  verdict: Verdict | null;
  verdictAtMs: number | null;
}

export class SteadyLoad {
  readonly #world: BaseWorld;
  readonly #cast: Cast;
  readonly #utterances: Utterance[] = [];
  readonly #timers = new Map<Talk | Player, NodeJS.Timeout>();
  readonly #ended = new Set<Talk>();
  readonly #firstPush: number;

  private constructor(world: BaseWorld, cast: Cast) {
    this.#world = world;
    this.#cast = cast;
    this.#firstPush = world.pushes.length;
  }

  /** Registers everybody, connects who is to be, and talks until every conversation flows. */
  static async begin(world: BaseWorld, departing = 1): Promise<SteadyLoad> {
    const load = new SteadyLoad(world, await castOf(world, departing));
    const coming = load.#cast.players.filter(({ role }) => role !== 'away');
    await Promise.all(coming.map(({ client }) => client.online()));
    load.talk();
    const flows = (talk: Talk): boolean => load.#utterances.some((one) => one.talk === talk && one.verdict !== null);
    await until(() => load.#cast.talks.every(flows), { what: 'verdicts for every talk', timeoutMs: 30_000 });
    return load;
  }

  /** Everybody talks, but for those whose last words were said. */
  talk(): void {
    for (const talk of this.#cast.talks.filter((one) => !this.#ended.has(one))) {
      // Apart from each other, so that they are no burst.
      const firstAfterMs = (sendEveryMs * this.#timers.size) / this.#cast.talks.length;
      const timer = setTimeout(() => {
        this.#timers.set(
          talk,
          setInterval(() => this.#say(talk), sendEveryMs),
        );
      }, firstAfterMs);
      this.#timers.set(talk, timer);
    }
    for (const player of this.#cast.players.filter(({ role }) => role === 'flapping')) {
      this.#timers.set(
        player,
        setInterval(() => this.#flap(player), flapEveryMs),
      );
    }
  }

  #say(talk: Talk): void {
    const content = `${talk.name} ${this.#utterances.length}`;
    const utterance: Utterance = {
      talk,
      content,
      sentAtMs: Date.now(),
      messageId: null,
      verdict: null,
      verdictAtMs: null,
    };
    this.#utterances.push(utterance);
    const message = { peerId: talk.toUserId, encryptedBody: Buffer.from(content), preview: content };
    void talk.from.client.send(message).then(async ({ messageId, verdict }) => {
      utterance.messageId = messageId;
      utterance.verdict = await verdict;
      utterance.verdictAtMs = Date.now();
    });
  }

  #flap({ client }: Player): void {
    if (client.client.isConnected) void client.client.stop();
    else void client.client.start();
  }

  get departures(): readonly Departure[] {
    return this.#cast.departures;
  }

  /** Applications of devices that will leave take nothing more. */
  hold(who = this.departures): void {
    for (const { hold } of who) hold.begin();
  }

  /** Nothing more is said to them, or a later message would make up for a push that is forgotten. */
  lastWords(who = this.departures): void {
    for (const { lastWords } of who) {
      this.#ended.add(lastWords);
      this.#stop(lastWords);
    }
  }

  /** They leave for good, with messages that they were sent and did not acknowledge. */
  fallSilent(who = this.departures): void {
    for (const { client } of who) void client.client.stop();
  }

  #stop(key: Talk | Player): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }

  /** Nobody says anything more, and who comes and goes comes to stay. */
  end(): void {
    for (const key of [...this.#timers.keys()]) this.#stop(key);
    for (const { client } of this.#cast.players.filter(({ role }) => role === 'flapping')) {
      if (!client.client.isConnected) void client.client.start();
    }
  }

  /** Everybody leaves. */
  async dismiss(): Promise<void> {
    this.end();
    for (const { hold } of this.#cast.departures) hold.end();
    await this.#world.dismiss();
  }

  get acknowledged(): number {
    return this.#utterances.filter(({ verdict }) => verdict?.kind === 'accepted').length;
  }

  /** The longest that a message waited for its verdict. */
  longestWaitMs(): number {
    return longestWaitOf(this.#utterances);
  }

  /** The same of the untouched talks' messages that were sent in the interval. */
  longestUntouchedWaitMs(fromMs: number, toMs: number): number {
    const isMeant = ({ talk, sentAtMs }: Utterance): boolean =>
      this.#cast.untouched.includes(talk) && sentAtMs >= fromMs && sentAtMs < toMs;
    return longestWaitOf(this.#utterances.filter(isMeant));
  }

  /** The time T of the newest message that any device has. */
  newestAtMs(): number {
    const times = this.#cast.players.flatMap(({ client, conversationId }) =>
      client.messages(conversationId).map((message) => message.at_ms),
    );
    return Math.max(0, ...times);
  }

  /** What the store holds of every conversation, by what the history says was accepted. */
  scrollBack(history: History): Promise<readonly RecordedReading[]> {
    return scrollBack(this.#cast.players, history);
  }

  history(): History {
    return {
      sends: this.#utterances.map(recordedSend),
      devices: this.#cast.players.map(recordedDevice),
      pushes: this.#world.pushes.slice(this.#firstPush),
    };
  }
}

function longestWaitOf(utterances: readonly Utterance[]): number {
  return Math.max(0, ...utterances.map(({ sentAtMs, verdictAtMs }) => (verdictAtMs ?? Date.now()) - sentAtMs));
}

function recordedSend({ talk, content, messageId, verdict }: Utterance): RecordedSend {
  const { from, conversationId } = talk;
  const { userId: senderId, deviceId: senderDeviceId } = from.device;
  const isAppended = messageId !== null && from.appended.has(messageId);
  return { conversationId, senderId, senderDeviceId, content, isAppended, verdict: recordedVerdict(verdict) };
}

function recordedVerdict(verdict: Verdict | null): RecordedVerdict | null {
  if (verdict === null) return null;
  if (verdict.kind === 'refused') return { kind: 'refused', code: verdict.code };
  return { kind: 'accepted', messageId: verdict.messageId, seq: verdict.seq };
}

function recordedDevice({ client, conversationId, role }: Player): RecordedDevice {
  const messages: RecordedMessage[] = client.messages(conversationId).map((message) => ({
    seq: message.seq,
    messageId: message.message_id,
    content: message.encrypted_body.toString(),
  }));
  return {
    userId: client.device.userId,
    deviceId: client.device.deviceId,
    conversationIds: [conversationId],
    isOnline: role === 'present' || role === 'flapping',
    wasOnline: role !== 'away',
    received: new Map([[conversationId, messages]]),
  };
}
