/**
 * What the MLS clients of devices do: commits for the epoch that each believes in, mostly by several members at the same moment, and an
 * admin who ends a generation. What they encrypt is nobody's business here: the body of a commit is only its name.
 */
import { isDirectConversationId } from '@parley/schemas/identity/conversation-id';
import type { MlsMessage } from '@parley/sdk/mls-message';
import { MlsOrder } from '@parley/sdk/mls-order';
import type { SeededRandom } from '../environment/seeded-random.ts';
import type { Device } from '../processes/device.ts';
import { markers } from '../utterances.ts';
import type { World } from '../world.ts';

export class Commits {
  readonly #world: World;
  readonly #random: SeededRandom;
  #count = 0;

  constructor(world: World, random: SeededRandom) {
    this.#world = world;
    this.#random = random;
  }

  /** Up to three devices of one conversation commit at once; now and then its generation ends instead. */
  act(): void {
    const { people } = this.#world;
    const known = people.flatMap((device) => (device.isRunning ? [...device.taken.keys()] : []));
    if (known.length === 0) return;
    const conversationId = this.#random.pick(known);
    if (this.#random.chance(0.1) && this.#endGeneration(conversationId)) return;
    const able = people.filter((device) => device.isRunning && device.taken.has(conversationId));
    for (let left = this.#random.between(1, 3); left > 0 && able.length > 0; left--) {
      const [device] = able.splice(this.#random.between(0, able.length - 1), 1);
      this.#commit(device!, conversationId);
    }
  }

  #commit(device: Device, conversationId: string): void {
    const order = new MlsOrder(device.userId);
    for (const { message } of device.taken.get(conversationId) ?? []) order.apply(message);
    const name = `${device.name}-commit-${++this.#count}`;
    const mls = this.#header(order, conversationId, name);
    const content = markers.body + name;
    const peerId = this.#peerOf(device, conversationId);
    const to = peerId === null ? { conversationId } : { conversationId, peerId };
    device
      .send(conversationId, content, { ...to, messageType: 'mls', mls })
      .catch((error: unknown) => this.#world.trace.add(device.name, `is told ${String(error)}`));
  }

  #header(order: MlsOrder, conversationId: string, name: string): MlsMessage {
    const ofItsOwn = Buffer.from(name).toString('base64');
    const isAnew = isDirectConversationId(conversationId) && order.position.epoch > 0 && this.#random.chance(0.1);
    const mls = isAnew ? order.commitAnew(ofItsOwn) : order.commit(order.position.groupId ?? ofItsOwn);
    // Somebody who acts on what they knew some messages ago.
    const afterSeq = Math.max(0, mls.afterSeq - (this.#random.chance(0.2) ? this.#random.between(1, 5) : 0));
    return { ...mls, afterSeq };
  }

  #peerOf({ userId, taken }: Device, conversationId: string): string | null {
    if (!isDirectConversationId(conversationId)) return null;
    const others = (taken.get(conversationId) ?? []).map(({ message }) => message.sender_id);
    return others.find((sender) => sender !== userId) ?? null;
  }

  #endGeneration(conversationId: string): boolean {
    const { relay } = this.#world;
    const group = relay.groups.find((one) => one.conversationId === conversationId);
    const [admin] = [...(group?.members ?? [])].find(([, role]) => role === 'admin') ?? [];
    if (group === undefined || admin === undefined || relay.isOld) return false;
    relay.endMlsGeneration(group, admin, this.#random.chance(0.2));
    return true;
  }
}
