/**
 * Which messages a device is sent live, which are left to catch-up, and which of both end in a push (design rules 13-15).
 *
 * A message is sent if the connection is live, fewer than `liveWindow` messages are unacknowledged, the socket buffers nothing and
 * its conversation is not quiet. It then stays in the window until the device says `delivered` at or above it. Any other message is
 * left out: it is in the store, so it counts as taken, its conversation becomes quiet up to it, and the connection goes the way of
 * catch-up:
 *
 *   live ──window full, or socket behind──▶ draining ──window empty, socket empty: `resync`──▶ resyncing ──`inbox`──▶ live
 *
 * Nothing falls between. The device answers `resync` with `inbox` and fetches every conversation whose last_seq is above its
 * cursor. A message is projected before it is routed, so one that was left out before that `inbox` arrived is counted by it.
 * Once it arrived the connection is live again, but a quiet conversation stays quiet until a page of `fetch` covers all that was
 * left out of it. A page whose inbox row is older than what was left out says `more`, so the device asks
 * again; the decision to end the quiet and the sending of the page happen in one turn, so the next live message follows the page.
 * Should a device be handed a gap all the same (a mark was given up for another conversation), it sees it in seq, and fetches.
 *
 * Push: a message that was sent and not acknowledged for `unacknowledgedMs`, and the newest left out of a conversation for as long,
 * become jobs, once each; so do both when the connection ends. Only the newest of those left out is kept, so a flood costs a
 * slow device one notification and the gateway one entry. A device that lets messages expire is drained and asked to sync, for
 * it can't be keeping up. A user's own messages use the window but are never pushed.
 */
import type { HistoryPage } from '@parley/projections/history/reader';
import type { Connection } from '../connection.ts';
import type { Connections } from '../connections.ts';
import type { GatewayCounts } from '../counts.ts';
import type { ReceiptLog } from '../frames/receipt-log.ts';
import type { Outgoing } from '../outgoing.ts';
import type { GatewaySettings } from '../settings.ts';
import type { ConversationMark } from './conversation-mark.ts';
import type { LiveMessage } from './live-message.ts';
import { LiveState } from './live-state.ts';
import type { MissedMessages } from './missed-messages.ts';

export interface LiveDeliveryDependencies {
  readonly connections: Connections;
  readonly missed: MissedMessages;
  readonly receipts: ReceiptLog;
  readonly counts: GatewayCounts;
}

/** What a page says of itself. */
export type PageClaim = Pick<HistoryPage, 'conversationId' | 'coveredTo' | 'lastSeq' | 'more'>;

/** Pages of a conversation in a row whose inbox row is behind what was routed. */
const maxPagesBehind = 8;

export class LiveDelivery {
  readonly #on: LiveDeliveryDependencies;
  readonly #settings: GatewaySettings;

  constructor(dependencies: LiveDeliveryDependencies, settings: GatewaySettings) {
    this.#on = dependencies;
    this.#settings = settings;
  }

  /** The mark of a conversation, made if need be; null if there is no room and none can be given up. */
  mark(connection: Connection, conversationId: string, nowMs: number): ConversationMark | null {
    connection.live ??= new LiveState();
    const { live } = connection;
    const known = live.find(conversationId, nowMs);
    if (known !== undefined) return known;
    if (live.marks.length >= this.#settings.maxMarks) {
      if (this.#on.missed.room === 0) return null;
      const given = live.takeOldest();
      this.#on.receipts.flush(connection, given);
      if (given.leftOut !== null) this.#on.missed.push(connection, [given.leftOut], nowMs);
    }
    return live.add(conversationId, nowMs);
  }

  /** A message for this connection. False: it could not even be kept track of; the device counts as not reached. */
  offer(connection: Connection, message: LiveMessage, frame: Outgoing, nowMs: number): boolean {
    const mark = this.mark(connection, message.conversationId, nowMs);
    if (mark === null) return false;
    mark.projectedSeq = Math.max(mark.projectedSeq, message.seq);
    if (message.seq <= mark.handedSeq) return true; // A processor repeated itself: the device has it, or sees the gap.
    const live = connection.live!;
    const hasRoom = live.window.size < this.#settings.liveWindow && connection.bufferedBytes === 0;
    const isLive = live.mode === 'live' && mark.quietUpToSeq === 0;
    if (!isLive || !hasRoom || connection.write(frame) === 'dropped') {
      if (!connection.isOpen) return false; // The write found the socket dead, and its debts are settled already.
      this.#leaveOut(connection, mark, message, nowMs);
      if (isLive) this.#startDraining(live);
    } else {
      this.#on.counts.liveMessages++;
      mark.handedSeq = message.seq;
      mark.newest = message;
      live.window.add(message);
    }
    this.#on.connections.activate(connection);
    return true;
  }

  #leaveOut(connection: Connection, mark: ConversationMark, message: LiveMessage, nowMs: number): void {
    this.#on.counts.messagesLeftOut++;
    mark.quietUpToSeq = Math.max(mark.quietUpToSeq, message.seq);
    if (mark.leftOutSeq === 0) mark.leftOutAtMs = nowMs;
    mark.leftOutSeq = Math.max(mark.leftOutSeq, message.seq);
    if (this.#on.missed.isFor(connection, message)) mark.leftOut = message;
  }

  #startDraining(live: LiveState): void {
    live.mode = 'draining';
    this.#on.counts.catchUps++;
  }

  /** Something else than a message could not be sent: the device must sync once the socket is empty. */
  fellBehind(connection: Connection): void {
    connection.live ??= new LiveState();
    if (connection.live.mode === 'live') this.#startDraining(connection.live);
    this.#on.connections.activate(connection);
  }

  /** The device lacks nothing of the conversation up to seq. */
  acknowledged(connection: Connection, mark: ConversationMark, seq: number): void {
    const live = connection.live!;
    live.window.acknowledge(mark.conversationId, seq);
    mark.handedSeq = Math.max(mark.handedSeq, seq);
    if (mark.leftOut !== null && mark.leftOut.seq <= seq) mark.leftOut = null;
    if (mark.leftOutSeq <= seq) mark.leftOutSeq = 0;
    if (mark.quietUpToSeq <= seq) mark.quietUpToSeq = 0;
    this.askToSync(connection);
  }

  /** Asks a drained device to sync, if the time has come: after an acknowledgement, a drained socket, or a tick. */
  askToSync(connection: Connection): void {
    const { live } = connection;
    if (live === null || live.mode !== 'draining' || live.window.size > 0 || connection.bufferedBytes > 0) return;
    if (connection.send('resync', { reason: 'slow_device' }) !== 'dropped') live.mode = 'resyncing';
  }

  /** The device reads its inbox from the start: what was left out so far is counted there. */
  syncBegins(connection: Connection): void {
    if (connection.live !== null) connection.live.mode = 'live';
  }

  /**
   * A page of fetch is about to be sent; resolves to whether it says `more`. It must, if a message was left out that its inbox row
   * did not count yet: the next one does. Should it not, time after time, the quiet ends, and the device sees the gap.
   */
  pageCovers(connection: Connection, page: PageClaim, nowMs: number): boolean {
    const mark = this.mark(connection, page.conversationId, nowMs);
    if (mark === null) return page.more;
    // The cursor is the client's word: what lies beyond last_seq is not covered by anything.
    const coveredTo = Math.min(page.coveredTo, page.lastSeq);
    mark.projectedSeq = Math.max(mark.projectedSeq, coveredTo);
    mark.handedSeq = Math.max(mark.handedSeq, coveredTo);
    if (mark.leftOutSeq <= coveredTo) mark.leftOutAtMs = nowMs;
    if (page.more) return true;
    if (page.lastSeq < mark.quietUpToSeq && mark.pagesBehind < maxPagesBehind) {
      mark.pagesBehind++;
      return true;
    }
    mark.quietUpToSeq = 0;
    mark.pagesBehind = 0;
    return false;
  }

  /** What a tick does for an active connection. True while there is more to come. */
  tick(connection: Connection, nowMs: number): boolean {
    const { live } = connection;
    if (live === null) return false;
    const beforeMs = nowMs - this.#settings.unacknowledgedMs;
    const expired = [...live.window.takeSentBefore(beforeMs, this.#on.missed.room)];
    let isLate = expired.length > 0;
    let isOwed = false;
    for (const mark of live.marks) {
      if (mark.leftOutSeq === 0) continue;
      if (mark.leftOutAtMs > beforeMs || expired.length >= this.#on.missed.room) {
        isOwed = true;
        continue;
      }
      if (mark.leftOut !== null) expired.push(mark.leftOut);
      mark.leftOut = null;
      mark.leftOutSeq = 0;
      isLate = true;
    }
    if (isLate) {
      this.#on.missed.push(connection, expired, nowMs);
      if (live.mode === 'live') this.#startDraining(live);
    }
    this.askToSync(connection);
    return isOwed || live.window.size > 0 || live.mode === 'draining';
  }

  /** Everything that the device did not acknowledge, when its connection has ended. */
  takeUnacknowledged(connection: Connection): readonly LiveMessage[] {
    const { live } = connection;
    if (live === null) return [];
    const owed = [...live.window.takeAll()];
    for (const mark of live.marks) {
      mark.isKept = false;
      if (mark.leftOut !== null) owed.push(mark.leftOut);
    }
    return owed;
  }
}
