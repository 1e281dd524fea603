/**
 * What this device has of every conversation: timelines, the sync that fills them, and the deliveries that empty them.
 *
 * Live frames and pages meet here. Whatever comes twice is dropped by the timeline; whatever is missing is fetched, at once and
 * again after a pause while the server does not give it.
 */
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import type { InboxEntry, InboxPageFrame, PageFrame, WireMessage } from '@parley/schemas/generated/wire';
import { Deliveries, type DeliveriesPort } from './deliveries.ts';
import type { Cursor, CursorStore } from './stores.ts';
import { Sync } from './sync.ts';
import { Timeline } from './timeline.ts';

export interface ConversationsPort extends DeliveriesPort {
  isConnected(): boolean;
  inbox(after: string | null): Promise<InboxPageFrame>;
  fetch(cursor: Cursor): Promise<PageFrame>;
  /** A message arrived, live or in a page: it may be one of this device's own that waits for its verdict. */
  seen(message: WireMessage): void;
  gap(conversationId: string, afterSeq: number, beforeSeq: number): void;
}

export interface ConversationsSettings {
  readonly maxConcurrentFetches: number;
  readonly maxBuffered: number;
  readonly resyncAfterMs: number;
}

export class Conversations {
  readonly #port: ConversationsPort;
  readonly #cursors: CursorStore;
  readonly #timers: Timers;
  readonly #settings: ConversationsSettings;
  readonly #deliveries: Deliveries;
  readonly #sync: Sync;
  readonly #timelines = new Map<string, Timeline>();

  constructor(
    port: ConversationsPort,
    environment: { cursors: CursorStore; clock: Clock; timers: Timers; deviceId: string },
    settings: ConversationsSettings,
  ) {
    this.#port = port;
    this.#cursors = environment.cursors;
    this.#timers = environment.timers;
    this.#settings = settings;
    this.#deliveries = new Deliveries(port, environment.cursors, environment.clock, environment.deviceId);
    this.#sync = new Sync(
      {
        inbox: (after) => port.inbox(after),
        fetch: (cursor) => port.fetch(cursor),
        cursorOf: (conversationId) => this.timeline(conversationId).cursor,
        entry: (entry: InboxEntry) => this.timeline(entry.conversation_id).learn(entry.last_seq),
        apply: (page) => this.#page(page),
      },
      settings.maxConcurrentFetches,
    );
  }

  async restore(): Promise<void> {
    for (const cursor of await this.#cursors.load()) {
      this.#timelines.set(cursor.conversationId, new Timeline(cursor, this.#settings.maxBuffered));
      this.#deliveries.restored(cursor.conversationId, cursor.seq);
    }
  }

  timeline(conversationId: string): Timeline {
    let timeline = this.#timelines.get(conversationId);
    if (timeline === undefined) {
      timeline = new Timeline({ conversationId, seq: 0, atMs: 0 }, this.#settings.maxBuffered);
      this.#timelines.set(conversationId, timeline);
    }
    return timeline;
  }

  /** Resolves when this device has everything that the server had; what was acknowledged since, by then, is said again. */
  async synchronise(doubtSinceLocalMs: () => number): Promise<void> {
    await this.#sync.run();
    await this.#deliveries.idle();
    this.#deliveries.repeatSince(doubtSinceLocalMs());
  }

  /** Fetches one conversation to its end. */
  repair(conversationId: string): Promise<void> {
    return this.#sync.repair(conversationId);
  }

  live(message: WireMessage): void {
    const timeline = this.timeline(message.conversation_id);
    this.#port.seen(message);
    const progress = timeline.live(message);
    if (progress.apply.length > 0) void this.#deliveries.apply(progress);
    if (timeline.behind) this.#repairGap(timeline, message.seq);
  }

  /** Resolves when everything handed over so far was taken by the application. */
  idle(): Promise<void> {
    return this.#deliveries.idle();
  }

  #page(page: PageFrame): Promise<void> {
    for (const message of page.messages) this.#port.seen(message);
    return this.#deliveries.apply(this.timeline(page.conversation_id).page(page));
  }

  #repairGap(timeline: Timeline, beforeSeq: number): void {
    const { conversationId } = timeline;
    this.#port.gap(conversationId, timeline.cursor.seq, beforeSeq);
    this.repair(conversationId).then(
      () => {
        if (!timeline.behind) return;
        this.#timers.after(this.#settings.resyncAfterMs, () => {
          if (timeline.behind && this.#port.isConnected()) this.#repairGap(timeline, beforeSeq);
        });
      },
      () => undefined, // The connection failed: the sync after the reconnect repairs it.
    );
  }
}
