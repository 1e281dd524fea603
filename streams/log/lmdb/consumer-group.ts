/**
 * The subscriptions of one group in this process, and who of them reads which partition.
 *
 * Joins and leaves come one after another. Each takes all partitions back from everybody, waits until the batches in flight have
 * ended and committed, deals the partitions out again under the next generation, and only then lets anybody read: two handlers
 * never hold one partition.
 */
import type { GroupMember } from './group-member.ts';
import type { Partition, Topic } from './partition.ts';

export class ConsumerGroup {
  private readonly topics: ReadonlyMap<string, Topic>;
  private members: GroupMember[] = [];
  private generation = 0;
  private turn: Promise<void> = Promise.resolve();

  constructor(topics: ReadonlyMap<string, Topic>) {
    this.topics = topics;
  }

  get size(): number {
    return this.members.length;
  }

  join(member: GroupMember): Promise<void> {
    this.members = [...this.members, member];
    return this.rebalance();
  }

  async leave(member: GroupMember): Promise<void> {
    this.members = this.members.filter((other) => other !== member);
    member.leave();
    await member.giveBack();
    await this.rebalance();
  }

  private rebalance(): Promise<void> {
    this.turn = this.turn.then(() => this.dealOut());
    return this.turn;
  }

  private async dealOut(): Promise<void> {
    const members = this.members;
    await Promise.all(members.map((member) => member.giveBack()));
    this.generation += 1;
    const shares = share(members, this.topics);
    await Promise.all(members.map((member) => member.take(this.generation, shares.get(member) ?? [])));
  }
}

/** Deals every topic's partitions in turn to the members that subscribed to it. */
function share(
  members: readonly GroupMember[],
  topics: ReadonlyMap<string, Topic>,
): ReadonlyMap<GroupMember, Partition[]> {
  const shares = new Map<GroupMember, Partition[]>(members.map((member) => [member, []]));
  for (const [name, { partitions }] of topics) {
    const readers = members.filter((member) => member.options.topics.includes(name));
    if (readers.length === 0) continue;
    partitions.forEach((partition, index) => {
      shares.get(readers[index % readers.length]!)!.push(partition);
    });
  }
  return shares;
}
