/**
 * Tells gateways at once that a device was revoked (design rule 21).
 *
 * `SessionStore.revokeDevice` writes the denylist first and announces then. An announcement is a hurry, not the guarantee: one that
 * nobody heard is made up for by `missed` once the feed hears again, by the gateways' look at the denylist every few renewals, and
 * by `restoreRevocations`, which announces again whatever a token may still be good for.
 */
export interface RevocationListener {
  revoked(deviceId: string): void;
  /** Announcements may have passed by, as they do before the feed first hears: look up whoever is connected. */
  missed(): void;
}

export interface RevocationFeed {
  /** Begins at once, in the background; the returned function ends it. */
  listen(listener: RevocationListener): () => void;
}
