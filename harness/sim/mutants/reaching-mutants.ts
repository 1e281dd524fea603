/** More defects of delivering: rules 13 to 17, and 21. */
import type { Mutant } from './mutant.ts';

export const reachingMutants: readonly Mutant[] = [
  {
    name: 'the session is registered after the sync',
    rule: 13,
    file: 'apps/gateway/sessions/admissions.ts',
    find: 'const lease = this.#settled(sessions.register({ userId, deviceId }, gatewayId)).then(async (connectionId) => {',
    replace: `const lease = this.#settled(sessions.register({ userId, deviceId }, gatewayId)).then(async (connectionId) => {
      const entry = { userId, deviceId, gatewayId, connectionId };
      await sessions.remove([entry]).catch(() => undefined);
      this.#on.timers.after(3_000, () => void sessions.renew([entry]).catch(() => undefined));`,
  },
  {
    name: 'what was not acknowledged in time is not pushed',
    rule: 14,
    file: 'apps/gateway/live/live-delivery.ts',
    find: 'this.#on.missed.push(connection, expired, nowMs);',
    replace: '',
  },
  {
    name: 'what did not fit into the window is not owed',
    rule: 14,
    file: 'apps/gateway/live/live-delivery.ts',
    find: 'if (this.#on.missed.isFor(connection, message)) mark.leftOut = message;',
    replace: '',
  },
  {
    name: 'what arrived on one device is pushed to no other',
    rule: 14,
    file: 'apps/pusher/push-worker.ts',
    find: "mark.deviceId === recipient_device_id && mark.kind === 'delivered'",
    replace: "mark.kind === 'delivered'",
  },
  {
    name: 'what one device has is not owed to another that was lost',
    rule: 14,
    file: 'streams/processors/presence-lost.ts',
    find: "mark.kind === 'delivered' && mark.deviceId === deviceId",
    replace: "mark.kind === 'delivered' || mark.deviceId === deviceId",
  },
  {
    name: 'whom a gateway did not reach counts as reached',
    rule: 14,
    file: 'streams/delivery/router.ts',
    find: 'own.delete(deviceKey(ref.userId, ref.deviceId));',
    replace: '',
  },
  {
    name: 'what is to be pushed is written into log lines',
    rule: 14,
    file: 'apps/gateway/live/push-outbox.ts',
    find: '{ err: error, jobs: this.#jobs }',
    replace: '{ err: error, jobs: batch }',
  },
  {
    name: 'a push says what its sender did not choose',
    rule: 14,
    file: 'streams/processors/conversation-push.ts',
    find: 'preview: accepted.sent.preview,',
    replace: "preview: accepted.sent.preview ?? accepted.sent.encrypted_body.toString('latin1'),",
  },
  {
    name: 'the live window has no end',
    rule: 15,
    file: 'apps/gateway/live/live-delivery.ts',
    find: 'const hasRoom = live.window.size < this.#settings.liveWindow && connection.bufferedBytes === 0;',
    replace: 'const hasRoom = true;',
  },
  {
    name: 'a frame is lost at backpressure',
    rule: 15,
    file: 'apps/gateway/live/live-delivery.ts',
    find: "if (!isLive || !hasRoom || connection.write(frame) === 'dropped') {",
    replace: "if (!isLive || (hasRoom && connection.write(frame) === 'dropped')) {",
  },
  {
    name: 'a device that is asked to sync does not',
    rule: 15,
    file: 'clients/sdk/client.ts',
    find: `      case 'resync':
        void this.#synchronise();
`,
    replace: `      case 'resync':
`,
  },
  {
    name: 'presence that a gateway missed is not told later',
    rule: 16,
    file: 'streams/delivery/missed-frames.ts',
    find: 'if (item.watchersOf !== undefined) this.#addPresence(item.watchersOf, item);',
    replace: '',
  },
  {
    name: 'the end of an old connection takes the entry of the new one',
    rule: 17,
    file: 'projections/sessions/store.memory.ts',
    find: 'if (devices?.get(deviceId)?.entry.connectionId === connectionId) devices.delete(deviceId);',
    replace: 'devices?.delete(deviceId);',
  },
  {
    name: 'an old connection takes its entry back',
    rule: 17,
    file: 'projections/sessions/store.memory.ts',
    find: "if (held.entry.connectionId > entry.connectionId) return 'superseded';",
    replace: '',
  },
  {
    name: 'a revoked device is let in',
    rule: 21,
    file: 'apps/gateway/sessions/admissions.ts',
    find: "if (await this.#settled(this.#on.sessions.isRevoked(lease.deviceId))) throw new ParleyError('device_revoked');",
    replace: '',
  },
  {
    name: 'a revoked device stays connected',
    rule: 21,
    file: 'apps/gateway/sessions/revocations.ts',
    find: "this.#on.close(connection, 'device_revoked');",
    replace: '',
  },
];
