/**
 * Who of a group reads which partition: rounds in which all give back what they hold before it is dealt out anew.
 *
 * A round begins when a member joins, leaves or is taken for dead. Members are asked to give back; those that do not within the
 * time of a round are left out. A member that crashed, or is frozen, is noticed only when its session runs out. One that is
 * taken for dead and lives on is a zombie: it reads and handles what it held, until it is told; its commits are not taken.
 */
import type { VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { Life } from '../environment/life.ts';
import type { SeededRandom } from '../environment/seeded-random.ts';
import type { Broker } from './broker.ts';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A member as its coordinator sees it; every call is on its way for a while. */
export interface GroupMember {
  readonly life: Life;
  readonly topics: readonly string[];
  /** Give everything back, then answer `gaveBack`. */
  askBack(round: number): void;
  take(generation: number, partitions: readonly TopicPartition[]): void;
  /** You are not a member any more; join again. */
  tellLost(): void;
}

const placeOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

export class Coordinator {
  readonly group: string;
  readonly #broker: Broker;
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #members = new Map<GroupMember, readonly TopicPartition[]>();
  readonly #committed = new Map<string, number>();
  readonly #handled = new Map<string, number>();
  #generation = 0;
  #round = 0;
  /** Members that the running round waits for; null between rounds. */
  #awaited: Set<GroupMember> | null = null;
  #isStale = false;
  roundMs = 6_000;
  /** Told of every commit that counts. */
  committedUpTo: (place: TopicPartition, nextOffset: number) => void = () => undefined;

  constructor(group: string, broker: Broker, time: VirtualTime, random: SeededRandom) {
    this.group = group;
    this.#broker = broker;
    this.#time = time;
    this.#random = random;
  }

  membersOf(life: Life): readonly GroupMember[] {
    return [...this.#members.keys()].filter((member) => member.life === life);
  }

  join(member: GroupMember): void {
    if (this.#members.has(member)) return;
    this.#members.set(member, []);
    this.rebalance();
  }

  /** It left, or is taken for dead. */
  remove(member: GroupMember): void {
    if (!this.#members.delete(member)) return;
    this.rebalance();
    if (this.#awaited?.delete(member) === true) this.#dealIfAll();
  }

  rebalance(): void {
    if (this.#awaited !== null) {
      this.#isStale = true;
      return;
    }
    const round = ++this.#round;
    this.#isStale = false;
    this.#awaited = new Set(this.#members.keys());
    this.#time.after(this.roundMs, () => this.#endRound(round));
    for (const member of [...this.#awaited]) member.askBack(round);
    this.#dealIfAll();
  }

  gaveBack(member: GroupMember, round: number): void {
    if (round !== this.#round || this.#awaited?.delete(member) !== true) return;
    this.#dealIfAll();
  }

  #endRound(round: number): void {
    if (round !== this.#round || this.#awaited === null) return;
    for (const late of this.#awaited) {
      this.#members.delete(late);
      late.tellLost();
    }
    this.#awaited.clear();
    this.#dealIfAll();
  }

  #dealIfAll(): void {
    if (this.#awaited === null || this.#awaited.size > 0) return;
    this.#awaited = null;
    if (this.#isStale) this.rebalance();
    else this.#deal();
  }

  #deal(): void {
    this.#generation++;
    const members = [...this.#members.keys()];
    const shares = new Map<GroupMember, TopicPartition[]>(members.map((member) => [member, []]));
    for (const [topic, { partitions }] of this.#broker.topics) {
      const readers = members.filter((member) => member.topics.includes(topic));
      if (readers.length === 0) continue;
      const first = this.#random.between(0, readers.length - 1);
      for (const { partition } of partitions) {
        shares.get(readers[(first + partition) % readers.length]!)!.push({ topic, partition });
      }
    }
    for (const [member, share] of shares) {
      this.#members.set(member, share);
      member.take(this.#generation, share);
    }
  }

  /** False if the member does not hold the partition (any more). */
  commit(member: GroupMember, place: TopicPartition, nextOffset: number): boolean {
    const held = this.#members.get(member);
    if (held?.some((one) => placeOf(one) === placeOf(place)) !== true) return false;
    this.#committed.set(placeOf(place), nextOffset);
    this.committedUpTo(place, nextOffset);
    return true;
  }

  committed(place: TopicPartition): number | null {
    return this.#committed.get(placeOf(place)) ?? null;
  }

  /** A member has handled everything before the offset, whether or not it could commit that yet. */
  handledUpTo(place: TopicPartition, nextOffset: number): void {
    this.#handled.set(placeOf(place), Math.max(nextOffset, this.#handled.get(placeOf(place)) ?? 0));
  }

  /** Everything of the topic was handled. */
  isCaughtUp(topic: string): boolean {
    const { partitions } = this.#broker.topic(topic);
    return partitions.every((partition) => (this.#handled.get(placeOf(partition)) ?? 0) === partition.end);
  }
}
