/** The part of a connection that exists once a message or a receipt has passed: its window, its mode, its conversations. */
import { ConversationMark } from './conversation-mark.ts';
import { LiveWindow } from './live-window.ts';

/**
 * `live`: messages are sent as they happen. `draining`: nothing is sent until the device has acknowledged what it has.
 * `resyncing`: the device was asked to sync and has not begun.
 */
export type LiveMode = 'live' | 'draining' | 'resyncing';

export class LiveState {
  mode: LiveMode = 'live';
  readonly window = new LiveWindow();
  readonly marks: ConversationMark[] = [];

  find(conversationId: string, nowMs: number): ConversationMark | undefined {
    for (const mark of this.marks) {
      if (mark.conversationId !== conversationId) continue;
      mark.usedAtMs = nowMs;
      return mark;
    }
    return undefined;
  }

  add(conversationId: string, nowMs: number): ConversationMark {
    const mark = new ConversationMark(conversationId, nowMs);
    this.marks.push(mark);
    return mark;
  }

  /** Gives the place of the mark that was not used for the longest up; the caller settles what it still owes. */
  takeOldest(): ConversationMark {
    let oldest = 0;
    for (let i = 1; i < this.marks.length; i++) {
      if (this.marks[i]!.usedAtMs < this.marks[oldest]!.usedAtMs) oldest = i;
    }
    const mark = this.marks[oldest]!;
    this.marks[oldest] = this.marks.at(-1)!;
    this.marks.pop();
    mark.isKept = false;
    return mark;
  }
}
