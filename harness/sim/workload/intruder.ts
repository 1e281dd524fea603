/**
 * Appends what no gateway of ours would: old sends again, sends under a known id with another content, sends that break a rule,
 * bytes that are no event at all, and, on the wires of devices, receipts for what there is not.
 *
 * What must never be shown to anybody begins with an exclamation mark, so that a check finds it wherever it turns up.
 */
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import type { MessageSent } from '@parley/schemas/generated/events';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { appendAll } from '@parley/streams/log/append-all';
import type { Log, LogRecord } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { Life } from '../environment/life.ts';
import type { SeededRandom } from '../environment/seeded-random.ts';
import { markers } from '../utterances.ts';
import type { World } from '../world.ts';

type Forgery = 'again' | 'other_content' | 'old_id' | 'stranger' | 'wrong_peer' | 'wrong_key' | 'false_first';
type Kind = Forgery | 'poison' | 'early' | 'lie';

const kinds: readonly Kind[] = [
  'again',
  'again',
  'other_content',
  'old_id',
  'stranger',
  'wrong_peer',
  'poison',
  'wrong_key',
  'false_first',
  'early',
  'lie',
];
const farSeq = 100_000;
const text = { target: null, message_type: 'text' } as const;
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
    if (kind === 'poison') this.poisonTopic(null);
    else if (original === null) return;
    else if (kind === 'lie') this.#lie(original);
    else if (kind === 'early') this.#early(original);
    else this.#forge(kind, original);
  }

  /** Into any topic if none is given. */
  poisonTopic(topic: string | null): void {
    const value = Buffer.from(this.#random.bytes(this.#random.between(0, 40)));
    this.poison.add(value);
    this.#append(topic ?? this.#random.pick(poisonTopics), this.#random.uuid(), value);
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

  /** An id as far in the future as it may be; when the fold has seen it for long, it comes once more, and is still in its window. */
  #early(original: MessageSent): void {
    const { time, codec } = this.#world;
    const message_id = makeMessageId(time.nowMs() + this.#random.between(27_000, 29_500), this.#random);
    const encrypted_body = Buffer.from(`${markers.body}early-${++this.#count}`);
    const unsealed = { timer_seconds: 0, sealed_content: null };
    const changed = { message_id, encrypted_body, ...unsealed, sender_device_id: this.#random.uuid() };
    const value = codec.encode('message_sent', { ...original, ...changed, ...text, reply_to: null });
    const append = (): void => this.#append(topics.messages, original.conversation_id, value);
    append();
    time.after(this.#random.between(31_000, 56_000), append);
  }

  /** A modified application claims what its conversation does not hold, or of a conversation that its user is not in. */
  #lie({ conversation_id, sender_id, peer_id }: MessageSent): void {
    const open = [...this.#world.devices.connections].filter((one) => !one.isOver && one.device.isAlive);
    if (open.length === 0) return;
    const { device, clientEnd } = this.#random.pick(open);
    const person = this.#world.people.find(({ life }) => life === device);
    if (person === undefined) return;
    const isForeign = peer_id !== null && person.userId !== sender_id && person.userId !== peer_id;
    clientEnd.send(encodeFrame('delivered', { conversation_id, seq: isForeign ? 1 : farSeq }));
  }

  #forge(kind: Forgery, original: MessageSent): void {
    const body = Buffer.from(`!${markers.body}${kind}-${++this.#count}`);
    const key = original.conversation_id;
    const fresh = makeMessageId(this.#world.time.nowMs(), this.#random);
    const ageMs = this.#random.between(32_000, 200_000);
    const old = makeMessageId(this.#world.time.nowMs() - ageMs, this.#random);
    // Of a device that is none, so that no verdict on a forgery reaches an application that waits for one under the same id.
    const forgery = { ...original, sender_device_id: this.#random.uuid(), encrypted_body: body };
    const stranger = this.#random.uuid();
    const elsewhere = directConversationId(stranger, this.#random.uuid());
    const forgeries: Readonly<Record<typeof kind, readonly [key: string, sent: MessageSent]>> = {
      again: [key, original],
      other_content: [key, forgery],
      old_id: [key, { ...forgery, ...text, message_id: old }],
      stranger: [key, { ...forgery, message_id: fresh, sender_id: stranger }],
      wrong_peer: [key, { ...forgery, message_id: fresh, peer_id: this.#random.uuid() }],
      false_first: [
        elsewhere,
        {
          ...{ ...forgery, ...text, message_id: fresh, conversation_id: elsewhere },
          ...{ sender_id: stranger, peer_id: original.sender_id, reply_to: null },
        },
      ],
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
