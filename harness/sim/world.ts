/**
 * Everything of a run: time, chance, the log, the stores and the networks, and the processes and devices on them.
 *
 * Each process is given its own view of what is outside of it, bound to its life. Nothing here decides what happens: the workload
 * and the faults do.
 */

import { openCqlProjections } from '@parley/projections/cql/projections';
import { CachedDataKeys } from '@parley/projections/data-keys/data-keys.cached';
import type { AccessTokenVerifier, Principal, UserDirectory } from '@parley/projections/directory/directory';
import type { PrivacyDirectory } from '@parley/projections/directory/privacy';
import type { PresenceStore } from '@parley/projections/presence/store';
import { MemoryPresenceStore } from '@parley/projections/presence/store.memory';
import type { Projections } from '@parley/projections/projections';
import type { RevocationFeed } from '@parley/projections/sessions/revocations';
import { MemoryRevocations } from '@parley/projections/sessions/revocations.memory';
import type { SessionStore } from '@parley/projections/sessions/store';
import { MemorySessionStore } from '@parley/projections/sessions/store.memory';
import type { Notification, PushProvider } from '@parley/pusher/provider';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import type { ClientEvents } from '@parley/sdk/events';
import { bucketMs } from '@parley/streams/conversation/buckets';
import type { Log, LogRecord } from '@parley/streams/log/log';
import { topicSpecs } from '@parley/streams/log/topics';
import type { DataKeyId } from '@parley/streams/sealing/data-key';
import { MemoryDataKeys } from '@parley/streams/sealing/data-keys.fixture';
import { type Logger, pino } from 'pino';
import type { Registry } from 'prom-client';
import { Life } from './environment/life.ts';
import { Remote } from './environment/remote.ts';
import { SeededRandom } from './environment/seeded-random.ts';
import { Trace } from './environment/trace.ts';
import { Broker } from './log/broker.ts';
import { Coordinator } from './log/coordinator.ts';
import { SimLog } from './log/sim-log.ts';
import { DeliveryNetwork } from './network/delivery-network.ts';
import { DeviceNetwork } from './network/device-network.ts';
import { Device } from './processes/device.ts';
import { GatewayProcess } from './processes/gateway-process.ts';
import { ProcessorProcess } from './processes/processor-process.ts';
import { PusherProcess } from './processes/pusher-process.ts';
import { Relay } from './processes/relay.ts';
import { RelayProcess } from './processes/relay-process.ts';
import type { ServerProcess } from './processes/server-process.ts';
import { CqlEngine } from './stores/cql-engine.ts';
import { SimPrivacy } from './stores/privacy.ts';
import { remoteRevocations } from './stores/remote-revocations.ts';
import { remotePresence, remoteSessions } from './stores/remote-stores.ts';
import { SimCqlSession } from './stores/sim-cql.ts';
import { markers, Utterances } from './utterances.ts';

export interface WorldShape {
  readonly users: number;
  readonly mostDevices: number;
  readonly gateways: number;
  readonly processors: number;
  readonly pushers: number;
  readonly partitions: number;
  readonly liveWindow: number;
  /** A small one is met by those who write much. */
  readonly messagesPerMinute: number;
  readonly maxMarks: number;
}

export interface SimPush extends Notification {
  readonly atMs: number;
}

/** What the run writes down as it happens, besides the trace. */
export interface WorldObserver {
  record(record: LogRecord): void;
  frame(device: Life, bytes: Uint8Array): void;
  committed(group: string, topic: string, partition: number, nextOffset: number): void;
  ticked(device: Device, status: ClientEvents['status']): void;
}

/** A minute before a new bucket of messages begins. */
export const startMs = 2_200 * bucketMs - 60_000;
const mostBatchRecords = 64;
const quietRemote = () => ({ mostDelayMs: 8, failure: 0, isDown: false });
const tokenMs = 30 * 86_400_000;

/** Turns of the event loop, so that every chain of promises has run to where it waits. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export class World {
  readonly random: SeededRandom;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly utterances = new Utterances();
  readonly codec = new EventCodec(new EmbeddedSchemas());
  readonly engine: CqlEngine;
  readonly broker: Broker;
  readonly remotes: { readonly log: Remote; readonly cql: Remote; readonly redis: Remote; readonly directory: Remote };
  readonly devices: DeviceNetwork;
  readonly dataKeys: MemoryDataKeys;
  readonly deliveries: DeliveryNetwork;
  sessions: SessionStore;
  presence: PresenceStore;
  readonly privacy: SimPrivacy;
  /** Of whom a device is to be told soon that they are online. */
  readonly presenceDue: { readonly device: Device; readonly userId: string; readonly sinceMs: number }[] = [];
  readonly gateways: GatewayProcess[] = [];
  readonly processors: ProcessorProcess[] = [];
  readonly pushers: PusherProcess[] = [];
  readonly relays: RelayProcess[] = [];
  readonly people: Device[] = [];
  readonly users: string[] = [];
  readonly relay: Relay;
  readonly pushes: SimPush[] = [];
  /** What must never be said in a log. */
  readonly problems: string[] = [];
  observer: WorldObserver = {
    record: () => undefined,
    frame: () => undefined,
    committed: () => undefined,
    ticked: () => undefined,
  };
  sessionMs = 4_000;
  /** People still act. */
  isActive = true;
  /** Since then nothing fails any more, and nobody lacks anything. */
  calmSinceMs = Number.POSITIVE_INFINITY;
  readonly #revocations = new MemoryRevocations();
  readonly #coordinators = new Map<string, Coordinator>();
  readonly #devicesByToken = new Map<string, Device>();
  readonly shape: WorldShape;

  constructor(seed: number, shape: WorldShape, keepsLines: boolean) {
    this.shape = shape;
    this.random = new SeededRandom(seed);
    const ranks = this.random.fork('ranks');
    this.time = new VirtualTime(startMs, { rank: () => ranks.next(), settle: settled });
    this.trace = new Trace(this.time, keepsLines);
    this.engine = new CqlEngine(this.time);
    this.broker = new Broker(this.time, this.random.fork('broker'), (record) => this.observer.record(record));
    this.broker.ensureTopics(topicSpecs(shape.partitions));
    this.remotes = {
      log: this.#remote('log'),
      cql: this.#remote('cql'),
      redis: new Remote('redis', this.random.fork('redis'), quietRemote(), true),
      directory: this.#remote('directory'),
    };
    this.dataKeys = new MemoryDataKeys(this.time);
    this.devices = new DeviceNetwork({
      random: this.random.fork('devices'),
      gatewayAt: (url) => this.gateways.find((one) => one.url === url)?.listening ?? null,
      observe: (device, bytes) => this.observer.frame(device, bytes),
    });
    this.deliveries = new DeliveryNetwork({
      random: this.random.fork('deliveries'),
      gatewayAt: (id) => this.gateways.find((one) => one.name === id)?.listening ?? null,
    });
    this.sessions = this.#newSessions();
    this.presence = new MemoryPresenceStore();
    this.privacy = new SimPrivacy(this.users);
    this.relay = new Relay(this.time, this.random.fork('relay'), (conversationId) =>
      this.relays.find(({ isUp }) => isUp)?.ask(conversationId),
    );
    this.#populate();
  }

  #newSessions(): SessionStore {
    return new MemorySessionStore({ clock: this.time, revocations: this.#revocations });
  }

  #remote(name: string): Remote {
    return new Remote(name, this.random.fork(name), quietRemote());
  }

  #populate(): void {
    const { users, mostDevices, gateways, processors, pushers, liveWindow, maxMarks, messagesPerMinute } = this.shape;
    const random = this.random.fork('people');
    for (let index = 0; index < gateways; index++)
      this.gateways.push(new GatewayProcess(this, `g${index + 1}`, { liveWindow, maxMarks, messagesPerMinute }));
    for (let index = 0; index < processors; index++) this.processors.push(new ProcessorProcess(this, `p${index + 1}`));
    for (let index = 0; index < pushers; index++) this.pushers.push(new PusherProcess(this, `n${index + 1}`));
    for (const name of ['r1', 'r2']) this.relays.push(new RelayProcess(this, name));
    for (let user = 0; user < users; user++) {
      const userId = random.uuid();
      this.users.push(userId);
      const count = random.between(1, mostDevices);
      for (let index = 0; index < count; index++) {
        const name = `${String.fromCharCode(97 + user)}${index + 1}`;
        const device = new Device(this, name, userId, random.fork(name));
        this.people.push(device);
        this.#devicesByToken.set(this.tokenOf(device), device);
      }
    }
  }

  get servers(): readonly ServerProcess[] {
    return [...this.gateways, ...this.processors, ...this.pushers, ...this.relays];
  }

  get gatewayUrls(): readonly string[] {
    return this.gateways.map(({ url }) => url);
  }

  start(): void {
    for (const server of this.servers) server.start();
  }

  partitionsOf(topic: string): number {
    return this.broker.topic(topic).partitions.length;
  }

  coordinatorOf(group: string): Coordinator {
    let coordinator = this.#coordinators.get(group);
    if (coordinator === undefined) {
      coordinator = new Coordinator(group, this.broker, this.time, this.random.fork(`group ${group}`));
      coordinator.committedUpTo = (place, nextOffset) =>
        this.observer.committed(group, place.topic, place.partition, nextOffset);
      this.#coordinators.set(group, coordinator);
    }
    return coordinator;
  }

  get coordinators(): readonly Coordinator[] {
    return [...this.#coordinators.values()];
  }

  logOf(life: Life): Log {
    const random = this.random.fork(`log of ${life.name}`);
    return new SimLog({
      broker: this.broker,
      remote: this.remotes.log,
      life,
      random,
      batchRecords: (most) => Math.min(most, random.chance(0.3) ? 1 : random.between(1, mostBatchRecords)),
      sessionMs: () => this.sessionMs,
      coordinatorOf: (group) => this.coordinatorOf(group),
      observe: ({ topic, partition, records }, outcome, detail) =>
        this.trace.add(life.name, `${outcome} ${topic}/${partition} ${records[0]!.offset}+${records.length} ${detail}`),
    });
  }

  /** Its groups think that the process is dead; it learns of it after a while. */
  takeForDead(life: Life, toldAfterMs: number): void {
    for (const coordinator of this.#coordinators.values()) {
      for (const member of coordinator.membersOf(life)) {
        this.trace.add(life.name, `is taken for dead by ${coordinator.group}`);
        coordinator.remove(member);
        this.time.after(toldAfterMs, () => member.tellLost());
      }
    }
  }

  projectionsOf(life: Life, metrics: Registry): Projections {
    return openCqlProjections(new SimCqlSession(this.engine, this.remotes.cql, life), { clock: life, metrics });
  }

  sessionsOf(life: Life): SessionStore {
    return remoteSessions(() => this.sessions, this.remotes.redis, life);
  }

  revocationsOf(life: Life): RevocationFeed {
    const random = this.random.fork(`revocations for ${life.name}`);
    return remoteRevocations(this.#revocations, { faults: this.remotes.redis.faults, random, life });
  }

  privacyOf(life: Life): PrivacyDirectory {
    return this.privacy.of(life, this.remotes.directory);
  }

  presenceOf(life: Life): PresenceStore {
    return remotePresence(() => this.presence, this.remotes.redis, life);
  }

  /** Every device takes all bytes as they come. */
  quickenLines(): void {
    for (const device of this.people) device.rate = null;
    for (const { down } of this.devices.connections) down.rate = null;
  }

  /** One Redis holds sessions and presence, so it loses both. */
  loseSessions(): void {
    this.sessions = this.#newSessions();
    this.presence = new MemoryPresenceStore();
  }

  tokenOf({ userId, deviceId }: Device): string {
    return `${markers.accessToken}${userId}.${deviceId}`;
  }

  readonly tokens: AccessTokenVerifier = {
    verify: async (token): Promise<Principal> => {
      const device = this.#devicesByToken.get(token);
      if (device === undefined) throw new ParleyError('unauthenticated');
      return { userId: device.userId, deviceId: device.deviceId, expiresAtMs: startMs + tokenMs };
    },
  };

  /** As a process sees them that asks the directory's database. */
  dataKeysOf(life: Life): CachedDataKeys {
    const ask = <T>(answer: () => Promise<T>): Promise<T> =>
      this.remotes.directory.call(life, answer).then((answered) => answered);
    const source = {
      obtain: (id: DataKeyId) => ask(() => this.dataKeys.obtain(id)),
      find: (ids: readonly DataKeyId[]) => ask(() => this.dataKeys.find(ids)),
    };
    return new CachedDataKeys({ source, clock: life, maxKeys: 100 });
  }

  directoryOf(life: Life): UserDirectory {
    const ask = <T>(answer: () => T): Promise<T> => this.remotes.directory.call(life, answer);
    const platform = 'android';
    return {
      userExists: (userId) => ask(() => this.users.includes(userId)),
      displayName: (userId) => ask(() => (this.users.includes(userId) ? `user ${this.users.indexOf(userId)}` : null)),
      pushTarget: (deviceId) =>
        ask(() =>
          this.#device(deviceId)?.isRevoked !== false ? null : { platform, token: markers.pushToken + deviceId },
        ),
      devicesOf: (userIds) =>
        ask(() =>
          userIds.map((userId) =>
            this.people
              .filter((one) => one.userId === userId && !one.isRevoked)
              .map(({ deviceId }) => ({ deviceId, platform })),
          ),
        ),
    };
  }

  #device(deviceId: string): Device | undefined {
    return this.people.find((one) => one.deviceId === deviceId);
  }

  /** As the api does it: the directory first, then the list that gateways look into; tried until it stands there. */
  async revoke(device: Device): Promise<void> {
    const life = new Life({ name: 'api', time: this.time, skewMs: () => 0, crashed: () => undefined });
    device.isRevoked = true;
    this.trace.add(device.name, 'is revoked');
    for (let isDone = false; !isDone; ) {
      isDone = await this.sessionsOf(life)
        .revokeDevice(device, tokenMs)
        .then(() => true)
        .catch(() => false);
    }
    device.revokedSinceMs = this.time.nowMs();
  }

  providerOf(life: Life): PushProvider {
    return {
      send: (notification) =>
        this.remotes.directory.call(life, () => {
          this.pushes.push({ ...notification, atMs: this.time.nowMs() });
          this.trace.add(
            'push',
            `${this.#device(notification.recipientDeviceId)?.name} ${notification.conversationId.slice(0, 4)}:${notification.seq}`,
          );
          return 'sent' as const;
        }),
    };
  }

  newMetrics(): Registry {
    return this.utterances.newRegistry();
  }

  /** Warnings go to the trace; errors are also kept. */
  loggerOf(life: Life): Logger {
    const write = (line: string): void => {
      this.utterances.logged(life.name, line);
      const { level, msg, err } = JSON.parse(line) as {
        level: number;
        msg: string;
        err?: { message: string; stack: string };
      };
      if (level < warnLevel) return;
      this.trace.add(life.name, `says ${msg}${err === undefined ? '' : `: ${err.message}`}`);
      if (level >= errorLevel) this.problems.push(`${life.name}: ${msg} ${err?.stack ?? ''}`);
    };
    return pino({ level: 'trace', base: null, timestamp: false }, { write });
  }
}

const warnLevel = 40;
const errorLevel = 50;
