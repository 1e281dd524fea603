/**
 * What is shown and not stored: who types and who is here, read from the frames on the wires, and judged when they arrive.
 *
 * A frame may be long on its way, and a gateway learns of a removal or of a changed setting a while later (declared). So what is
 * never right is told at any time: typing to, or of, somebody who never was a member, presence to somebody who never might see it. And
 * once all is calm, and nobody comes, goes or changes anything, only who is a member, or may see it, is shown anything.
 */
import { decodeFrame, frameCodes } from '@parley/schemas/codec/frame-codec';
import type { MemberTypingFrame, PresenceFrame } from '@parley/schemas/generated/wire';
import type { Oracle } from './oracle.ts';
import type { FaultName } from './plan.ts';
import type { Device } from './processes/device.ts';
import { isShadowed } from './recording.ts';
import type { World } from './world.ts';

/** Somebody who came online is shown so long after at most, and need not wait until somebody looks again. */
const toldMs = 15_000;
/** The streams to a gateway that was frozen are open again, and what it missed is told. */
const thawedMs = 30_000;
/** For what was said before to be shown. */
const shownMs = 30_000;
/** Settings are a minute old at most, and a round through all that is watched takes two. */
const settledMs = 200_000;

export class Ephemera {
  readonly #world: World;
  readonly #oracle: Oracle;
  readonly #violations: string[] = [];

  constructor(world: World, oracle: Oracle) {
    this.#world = world;
    this.#oracle = oracle;
  }

  frame(device: Device, bytes: Uint8Array): void {
    const code = bytes[0];
    if (code !== frameCodes.member_typing && code !== frameCodes.presence) return;
    const { name, body } = decodeFrame(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (name === 'member_typing') this.#typing(device, body);
    if (name === 'presence') this.#presence(device, body);
  }

  #typing(device: Device, { conversation_id: conversationId, user_id: userId }: MemberTypingFrame): void {
    const { intervals, state } = this.#oracle.conversation(conversationId);
    for (const one of [device.userId, userId]) {
      const isCalm = this.#world.time.nowMs() > this.#world.calmSinceMs + shownMs;
      if (isCalm ? state.members.has(one) : intervals.has(one)) continue;
      this.#violations.push(`${device.name} is shown that ${userId} types in ${conversationId}: ${one} is not in it`);
    }
  }

  #presence(device: Device, { user_id: userId, status, last_seen_ms: lastSeenMs }: PresenceFrame): void {
    if (status === 'offline' && lastSeenMs === null) return;
    const { privacy, time, calmSinceMs } = this.#world;
    const isSettled = time.nowMs() > Math.max(calmSinceMs, privacy.changedAtMs + settledMs);
    const may = isSettled ? privacy.isVisible(device.userId, userId) : privacy.wasEverVisible(device.userId, userId);
    if (!may) this.#violations.push(`${device.name} is shown that ${userId} is ${status}, which it may not see`);
  }

  /** In the end, while all are still there. A store that lost its data has lost who watches (declared). */
  found(faults: ReadonlySet<FaultName>): string[] {
    return [...this.#violations, ...this.#left(), ...(faults.has('redis_flushed') ? [] : this.#untold())];
  }

  /** What screens still show in the end of users whom they may not show. */
  #left(): string[] {
    const { privacy, time } = this.#world;
    if (time.nowMs() - privacy.changedAtMs < settledMs) return [];
    return this.#world.people.flatMap((device) => {
      if (!device.isConnected) return [];
      return device.watched.flatMap((userId) => {
        const last = device.presence.findLast((one) => one.userId === userId);
        const isShown = last !== undefined && (last.status === 'online' || last.lastSeenMs !== null);
        if (!isShown || this.#world.privacy.isVisible(device.userId, userId)) return [];
        return [`${device.name} still shows that ${userId} is ${last.status}, which it may not see`];
      });
    });
  }

  /** Who is not shown as online a while after all was calm, of users who all are. */
  #untold(): string[] {
    const { people, privacy, presenceDue, calmSinceMs } = this.#world;
    if (calmSinceMs - privacy.changedAtMs < settledMs) return [];
    const present = new Set(people.filter(({ isOut }) => !isOut).map(({ userId }) => userId));
    const all = people.flatMap((device) =>
      device.isOut ? [] : device.watched.map((userId) => ({ device, userId, untilMs: calmSinceMs + toldMs })),
    );
    const due = presenceDue.map(({ device, userId, sinceMs }) => ({ device, userId, untilMs: sinceMs + thawedMs }));
    return [...all, ...due]
      .filter(({ userId }) => present.has(userId) && !isShadowed(this.#world, this.#oracle, userId))
      .filter(({ device, userId }) => privacy.isVisible(device.userId, userId))
      .filter(({ device, userId, untilMs }) => {
        const told = device.presence.findLast((one) => one.userId === userId && one.atMs <= untilMs);
        return told !== undefined && told.status !== 'online';
      })
      .map(({ device, userId }) => `${device.name} was not told that ${userId} came`);
  }
}

/** Everybody types in every group that they know of, also where they are no members any more. */
export function typeOnceMore({ people, relay }: World): void {
  for (const { isConnected, client } of people) {
    if (isConnected) for (const { conversationId } of relay.groups) client?.typing(conversationId, 'writing');
  }
}
