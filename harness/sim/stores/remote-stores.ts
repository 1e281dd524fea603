/** Sessions and presence as a process has them: the memory stores of production, a network away. */
import type { PresenceStore } from '@parley/projections/presence/store';
import type { SessionStore } from '@parley/projections/sessions/store';
import type { Life } from '../environment/life.ts';
import type { Remote } from '../environment/remote.ts';

/** A store whose promises are settled already, so that what it answers can be known on the turn on which it is asked. */
class Answer<T> {
  readonly #promise: Promise<T>;

  constructor(promise: Promise<T>) {
    this.#promise = promise;
  }

  get promise(): Promise<T> {
    return this.#promise;
  }
}

/** The store acts when the request arrives; its promise travels back as it is. */
async function ask<T>(remote: Remote, life: Life, act: () => Promise<T>): Promise<T> {
  const answer = await remote.call(life, () => new Answer(act()));
  return answer.promise;
}

export function remoteSessions(store: () => SessionStore, remote: Remote, life: Life): SessionStore {
  return {
    register: (key, gatewayId) => ask(remote, life, () => store().register(key, gatewayId)),
    // Entries are the callers' own objects, which go on changing: what travels is a copy.
    renew: (entries) => {
      const copies = entries.map(({ userId, deviceId, gatewayId, connectionId }) => ({
        userId,
        deviceId,
        gatewayId,
        connectionId,
      }));
      return ask(remote, life, () => store().renew(copies));
    },
    remove: (entries) => ask(remote, life, () => store().remove(entries)),
    lookup: (userIds) => ask(remote, life, () => store().lookup(userIds)),
    revokeDevice: (key, ttlMs) => ask(remote, life, () => store().revokeDevice(key, ttlMs)),
    isRevoked: (deviceId) => ask(remote, life, () => store().isRevoked(deviceId)),
    close: () => Promise.resolve(),
  };
}

export function remotePresence(store: () => PresenceStore, remote: Remote, life: Life): PresenceStore {
  return {
    renew: (leases, nowMs) => ask(remote, life, () => store().renew(leases, nowMs)),
    release: (partition, lease) => ask(remote, life, () => store().release(partition, lease)),
    expired: (partition, nowMs, limit) => ask(remote, life, () => store().expired(partition, nowMs, limit)),
    missing: (partition, leases) => ask(remote, life, () => store().missing(partition, leases)),
    connect: (lease, atMs) => ask(remote, life, () => store().connect(lease, atMs)),
    disconnect: (lease, atMs) => ask(remote, life, () => store().disconnect(lease, atMs)),
    read: (userIds) => ask(remote, life, () => store().read(userIds)),
    watch: (gatewayId, userIds, nowMs) => ask(remote, life, () => store().watch(gatewayId, userIds, nowMs)),
    unwatch: (gatewayId, userIds) => ask(remote, life, () => store().unwatch(gatewayId, userIds)),
    watchers: (userId, nowMs) => ask(remote, life, () => store().watchers(userId, nowMs)),
    close: () => Promise.resolve(),
  };
}
