/**
 * Appends what no gateway of ours would: old sends again, sends under a known id with another content, sends that break a rule,
 * and bytes that are no event at all.
 *
 * What must never be shown to anybody begins with an exclamation mark, so that a check finds it wherever it turns up.
 */
import type { MessageSent } from '@parley/schemas/generated/events';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { appendAll } from '@parley/streams/log/append-all';
import type { Log, LogRecord } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { Life } from '../environment/life.ts';
import type { SeededRandom } from '../environment/seeded-random.ts';
import type { World } from '../world.ts';

type Kind = 'again' | 'other_content' | 'old_id' | 'stranger' | 'wrong_peer' | 'poison' | 'wrong_key';

const kinds: readonly Kind[] = [
  'again',
  'again',
  'other_content',
  'old_id',
  'stranger',
  'wrong_peer',
  'poison',
  'wrong_key',
];
const poisonTopics = [topics.messages, topics.messages, topics.receipts, topics.presence, topics.pushJobs];

export class Intruder {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #life: Life;
  readonly #log: Log;
  /** Values that no process can ever make sense of. */
  readonly poison = new Set<Buffer>();
  #count = 0;

  constructor(world: World, random: SeededRandom) {
    this.#world = world;
    this.#random = random;
    this.#life = new Life({ name: 'intruder', time: world.time, skewMs: () => 0, crashed: () => undefined });
    this.#log = world.logOf(this.#life);
  }

  intrude(): void {
    const kind = this.#random.pick(kinds);
    const original = this.#someSend();
    if (kind === 'poison') this.#poison();
    else if (original !== null) this.#forge(kind, original);
  }

  #poison(): void {
    const value = Buffer.from(this.#random.bytes(this.#random.between(0, 40)));
    this.poison.add(value);
    this.#append(this.#random.pick(poisonTopics), this.#random.uuid(), value);
  }

  /** A send that the log holds, mostly a late one. */
  #someSend(): MessageSent | null {
    const partition = this.#random.pick(this.#world.broker.topic(topics.messages).partitions);
    const { records } = partition;
    if (records.length === 0) return null;
    const from = this.#random.chance(0.6) ? Math.max(0, records.length - 15) : 0;
    return this.#sendIn(records[this.#random.between(from, records.length - 1)]!);
  }

  #sendIn({ value }: LogRecord): MessageSent | null {
    try {
      const { name, event } = this.#world.codec.decode(value);
      const isOurs = name === 'message_sent' && event.encrypted_body.toString('latin1').startsWith('!');
      return name === 'message_sent' && !isOurs ? event : null;
    } catch {
      return null; // Our own poison.
    }
  }

  #forge(kind: Exclude<Kind, 'poison'>, original: MessageSent): void {
    const forged = `!${kind}-${++this.#count}`;
    const body = Buffer.from(forged);
    const key = original.conversation_id;
    const fresh = makeMessageId(this.#world.time.nowMs(), this.#random);
    const ageMs = this.#random.between(32_000, 200_000);
    const old = makeMessageId(this.#world.time.nowMs() - ageMs, this.#random);
    // Of a device that is none, so that no verdict on a forgery reaches an application that waits for one under the same id.
    const forgery = { ...original, sender_device_id: this.#random.uuid(), encrypted_body: body };
    const text = { target: null, message_type: 'text' } as const;
    const forgeries: Readonly<Record<typeof kind, readonly [key: string, sent: MessageSent]>> = {
      again: [key, original],
      other_content: [key, forgery],
      old_id: [key, { ...forgery, ...text, message_id: old }],
      stranger: [key, { ...forgery, message_id: fresh, sender_id: this.#random.uuid() }],
      wrong_peer: [key, { ...forgery, message_id: fresh, peer_id: this.#random.uuid() }],
      wrong_key: [this.#random.uuid(), { ...forgery, message_id: fresh }],
    };
    const [recordKey, sent] = forgeries[kind];
    const value = this.#world.codec.encode('message_sent', sent);
    if (kind === 'wrong_key') this.poison.add(value);
    this.#append(topics.messages, recordKey, value);
  }

  #append(topic: string, key: string, value: Buffer): void {
    const timestampMs = this.#world.time.nowMs();
    appendAll(this.#log, [{ topic, key, value, timestampMs }]).catch((error: unknown) => {
      this.#world.trace.add('intruder', `is told ${String(error)}`);
    });
  }
}
