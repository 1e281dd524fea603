/** Everything around a conversation processor, in memory: it notes the order of calls, and fails where a test says so. */
import { decodeFrame, type Frame } from '@parley/schemas/codec/frame-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { PushJob } from '@parley/schemas/generated/events';
import pino from 'pino';
import { Registry } from 'prom-client';
import type { ReceivedEvent } from '../conversation/outcome.ts';
import type { Routable, RouteResult } from '../delivery/delivery.ts';
import type { LogRecord, RecordBatch } from '../log/log.ts';
import { topics } from '../log/topics.ts';
import { MemoryDataKeys } from '../sealing/data-keys.fixture.ts';
import { ConversationProcessor, type ConversationSettings, defaultConversationSettings } from './conversation.ts';
import { MemoryRows } from './conversation-rows.fixture.ts';
import { DeadLetters } from './dead-letter.ts';
import type { DeviceRef, SavedState } from './ports.ts';
import { codec, MemoryLog } from './processor.fixture.ts';

export type Step = 'load' | 'find' | 'keys' | 'project' | 'route' | 'devices' | 'push' | 'save';

export interface Told {
  readonly to: string;
  readonly frame: Frame;
}

/** The one timer of the processor, run by hand. */
class HandTimers {
  run: () => void = () => undefined;
  after(): never {
    throw new Error('the processor sets no such timer');
  }
  every(_intervalMs: number, run: () => void) {
    this.run = run;
    return { cancel: () => undefined };
  }
}

export class World {
  readonly log = new MemoryLog();
  readonly rows = new MemoryRows();
  readonly states = new Map<string, SavedState>();
  readonly metrics = new Registry();
  readonly timers = new HandTimers();
  /** Steps in the order in which they were begun. */
  calls: Step[] = [];
  /** Called at the beginning of every step, and once more when it has taken effect. */
  interrupt: (step: Step, when: 'before' | 'after') => void = () => undefined;
  /** What a step waits for before it takes effect. */
  wait: (step: Step) => Promise<void> = () => Promise.resolve();
  /** `userId/deviceId` of live connections. */
  readonly online = new Set<string>();
  readonly devicesOf = new Map<string, readonly DeviceRef[]>();
  /** Frames in the order in which connections got them. */
  told: Told[] = [];
  readonly jobs: PushJob[] = [];
  nowMs = 0;
  readonly dataKeys = new MemoryDataKeys({ nowMs: () => this.nowMs });
  current = true;
  generation = 1;

  async #step<T>(step: Step, effect: () => T): Promise<T> {
    this.calls.push(step);
    this.interrupt(step, 'before');
    await this.wait(step);
    const result = effect();
    this.interrupt(step, 'after');
    return result;
  }

  /** A processor that has just started. */
  async processor(settings: ConversationSettings = defaultConversationSettings): Promise<ConversationProcessor> {
    const { log, metrics, timers } = this;
    const clock = { nowMs: () => this.nowMs };
    const processor = new ConversationProcessor(
      {
        log,
        codec,
        clock,
        timers,
        metrics,
        poison: new DeadLetters({ log, codec, clock, metrics }),
        states: { load: (ids) => this.#load(ids), save: (states) => this.#save(states) },
        projector: { project: (rows) => this.#step('project', () => void this.rows.project(rows)) },
        dataKeys: { find: (ids) => this.#step('keys', () => this.dataKeys.found(ids)) },
        lookup: { find: (id, messageId) => this.#step('find', () => this.rows.row(id, messageId)) },
        router: { route: (items) => this.#step('route', () => this.#route(items)) },
        devices: { devicesOf: (ids) => this.#step('devices', () => ids.map((id) => this.devicesOf.get(id) ?? [])) },
        pushJobs: { enqueue: (jobs) => this.#step('push', () => void this.jobs.push(...jobs)) },
        logger: pino({ level: 'silent' }),
      },
      settings,
    );
    await processor.assigned(this.generation);
    return processor;
  }

  #load(ids: readonly string[]): Promise<(SavedState | null)[]> {
    return this.#step('load', () => ids.map((id) => this.states.get(id) ?? null));
  }

  #save(states: readonly SavedState[]): Promise<void> {
    return this.#step('save', () => {
      for (const state of states) {
        const stored = this.states.get(state.conversationId);
        if (stored === undefined || stored.writeTimestampUs < state.writeTimestampUs) {
          this.states.set(state.conversationId, state);
        }
      }
    });
  }

  #route(items: readonly Routable[]): RouteResult {
    const reached = items.map(({ frame, userIds, exceptDeviceId, onlyDeviceId }) => {
      const devices = [...this.online].filter((connection) => {
        const [userId, deviceId] = connection.split('/') as [string, string];
        const wanted = onlyDeviceId === undefined || onlyDeviceId === deviceId;
        return userIds.includes(userId) && wanted && deviceId !== exceptDeviceId;
      });
      for (const to of devices) this.told.push({ to, frame: decodeFrame(frame) });
      return new Set(devices);
    });
    return { reached };
  }

  /** The log's records, as events were appended. */
  readonly records: LogRecord[] = [];

  append(...events: readonly ReceivedEvent[]): void {
    for (const { name, event, receivedAtMs } of events) {
      this.appendRaw(codec.encode(name, event as never), event.conversation_id, receivedAtMs);
    }
  }

  appendRaw(value: Buffer | null, key: string | null, timestampMs: number): void {
    const offset = this.records.length;
    const keyBytes = key === null ? null : Buffer.from(key);
    this.records.push({ topic: topics.messages, partition: 0, offset, timestampMs, key: keyBytes, value });
    this.log.records.set(topics.messages, this.records);
  }

  /** Records [from, to) as a batch; the partition ends with the last record appended. */
  batch(from = 0, to = this.records.length): RecordBatch {
    return {
      topic: topics.messages,
      partition: 0,
      generation: this.generation,
      records: this.records.slice(from, to),
      endOffset: this.records.length,
      isCurrent: () => this.current,
      heartbeat: () => Promise.resolve(),
    };
  }

  toldTo(userId: string): Frame[] {
    return this.told.filter(({ to }) => to.startsWith(userId)).map(({ frame }) => frame);
  }

  count(name: string): Promise<number> {
    return this.metrics
      .getSingleMetric(name)!
      .get()
      .then(({ values }) => values.reduce((sum, { value }) => sum + value, 0));
  }
}

export const interrupted = new ParleyError('unavailable', { detail: 'interrupted by the test' });
