/** Revocations within one process: every listener is called before `revokeDevice` returns, so none is missed. */
import type { RevocationFeed, RevocationListener } from './revocations.ts';

export class MemoryRevocations implements RevocationFeed {
  readonly #listeners = new Set<RevocationListener>();

  listen(listener: RevocationListener): () => void {
    // An object of its own, so that somebody who listens twice is told twice.
    const own: RevocationListener = {
      revoked: (deviceId) => listener.revoked(deviceId),
      missed: () => listener.missed(),
    };
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  announce(deviceId: string): void {
    for (const listener of this.#listeners) listener.revoked(deviceId);
  }
}
