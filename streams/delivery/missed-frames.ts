/**
 * Who missed a frame while a gateway did not answer, so that its connections can be asked to sync once it does.
 *
 * Counting those recipients as offline sends them a push, but a device whose socket outlived the outage would wait for its next
 * message before it noticed the gap. Connections are kept one by one up to a bound, beyond it only that everyone is concerned;
 * of presence frames the newest for each user is kept, because a watcher cannot fetch what it does not know it lacks.
 */
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import type { ConnectionRef, DeliveryItem } from './delivery.ts';

const maxConnections = 10_000;
const maxPresenceFrames = 10_000;

export class MissedFrames {
  readonly #connections = new Map<string, ConnectionRef>();
  readonly #presence = new Map<string, DeliveryItem>();
  #everyone = false;

  get isEmpty(): boolean {
    return !this.#everyone && this.#connections.size === 0 && this.#presence.size === 0;
  }

  add(item: DeliveryItem): void {
    if (item.everyone === true) this.#addEveryone();
    if (item.watchersOf !== undefined) this.#addPresence(item.watchersOf, item);
    for (const target of item.targets) {
      if (this.#everyone) return;
      this.#connections.set(`${target.userId}/${target.deviceId}`, target);
      if (this.#connections.size > maxConnections) this.#addEveryone();
    }
  }

  #addEveryone(): void {
    this.#everyone = true;
    this.#connections.clear();
  }

  #addPresence(userId: string, item: DeliveryItem): void {
    this.#presence.delete(userId);
    this.#presence.set(userId, item);
    if (this.#presence.size <= maxPresenceFrames) return;
    // Too many to be told one by one: everybody is asked to begin anew.
    this.#presence.clear();
    this.#addEveryone();
  }

  /** What makes good for everything added since the last call. */
  take(): DeliveryItem[] {
    const items = [...this.#presence.values()];
    if (this.#everyone || this.#connections.size > 0) {
      items.push({
        frame: encodeFrame('resync', { reason: 'session_renewed' }),
        position: null,
        targets: this.#everyone ? [] : [...this.#connections.values()],
        ...(this.#everyone ? { everyone: true } : {}),
      });
    }
    this.#connections.clear();
    this.#presence.clear();
    this.#everyone = false;
    return items;
  }
}
