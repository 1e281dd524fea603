/** Which conversations there are, and whom the directory lets into them. */
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { timersSeconds } from '@parley/streams/conversation/timers';
import type { SeededRandom } from '../environment/seeded-random.ts';
import type { Device } from '../processes/device.ts';
import type { Group } from '../processes/relay.ts';
import { markers } from '../utterances.ts';
import type { World } from '../world.ts';

export interface Chat {
  readonly conversationId: string;
  /** 1:1 only. */
  readonly peerId: string | null;
}

export class Conversations {
  readonly #world: World;
  readonly #random: SeededRandom;
  #titles = 0;

  constructor(world: World, random: SeededRandom) {
    this.#world = world;
    this.#random = random;
  }

  /** Where the device's user may write; now and then a group that the user is not in (any more). */
  chatOf(device: Device): Chat | null {
    const { users, relay } = this.#world;
    const groups = relay.groups.filter(({ members }) => members.has(device.userId) || this.#random.chance(0.02));
    if (groups.length > 0 && this.#random.chance(0.5)) {
      return { conversationId: this.#random.pick(groups).conversationId, peerId: null };
    }
    const peers = users.filter((userId) => userId !== device.userId);
    if (peers.length === 0) return null;
    const peerId = this.#random.pick(peers);
    return { conversationId: directConversationId(device.userId, peerId), peerId };
  }

  createGroup(): Group | null {
    const { users, relay } = this.#world;
    if (users.length < 2) return null;
    const [first, ...others] = this.#shuffled(users);
    const members = others.slice(0, this.#random.between(1, others.length));
    return relay.create(first!, members, this.#title(), this.#random.chance(0.1) ? 'admins' : 'everyone');
  }

  #title(): string {
    return `${markers.title}${++this.#titles}`;
  }

  /** Somebody comes or goes, or becomes an admin, or the group gets another name or another rule. */
  change(): void {
    const { users, relay } = this.#world;
    if (relay.groups.length === 0) return;
    const group = this.#random.pick(relay.groups);
    const [admin] = [...group.members].find(([, role]) => role === 'admin') ?? [];
    if (admin === undefined) return;
    if (!relay.isOld && this.#random.chance(0.4)) {
      this.#changeGroup(group, admin);
      return;
    }
    const outside = users.filter((userId) => !group.members.has(userId));
    const inside = [...group.members.keys()].filter((userId) => userId !== admin);
    if (outside.length > 0 && (inside.length === 0 || this.#random.chance(0.5))) {
      relay.add(group, this.#random.pick(outside), admin);
    } else if (inside.length > 0) {
      const userId = this.#random.pick(inside);
      relay.remove(group, userId, this.#random.chance(0.5) ? admin : userId);
    }
  }

  /** Now and then to what it is already. */
  #changeGroup(group: Group, admin: string): void {
    const { relay } = this.#world;
    const others = [...group.members.keys()].filter((userId) => userId !== admin);
    if (this.#random.chance(0.3)) relay.change(group, admin, { title: this.#title() });
    else if (this.#random.chance(0.4) || others.length === 0)
      relay.change(group, admin, { whoMaySend: this.#random.chance(0.4) ? 'admins' : 'everyone' });
    else relay.changeRole(group, this.#random.pick(others), this.#random.chance(0.5) ? 'admin' : 'member', admin);
  }

  /** Now and then to what it is already. */
  setTimer(random: SeededRandom): void {
    const { relay } = this.#world;
    if (relay.groups.length === 0 || relay.isOld) return;
    const group = random.pick(relay.groups);
    const [userId] = random.pick([...group.members]);
    relay.setTimer(group, random.pick(timersSeconds), userId);
  }

  #shuffled<T>(list: readonly T[]): T[] {
    const shuffled = [...list];
    for (let index = shuffled.length - 1; index > 0; index--) {
      const other = this.#random.between(0, index);
      [shuffled[index], shuffled[other]] = [shuffled[other]!, shuffled[index]!];
    }
    return shuffled;
  }
}
