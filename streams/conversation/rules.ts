/**
 * The limits and rules of conversations, every version that ever was (design rule 7).
 *
 * Whoever appends an event stamps it with the version that it applied; the fold judges the event by that version, for ever, so
 * that a log replayed in a year gives the same verdicts. To change a rule, add a version and deploy the processors before
 * the gateways: at a version that it does not know yet, a build stops the partition instead of refusing what another accepts.
 */
import type { MessageType } from '@parley/schemas/generated/events';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export interface Rules {
  readonly version: number;
  /** How far a ULID's time may lie from T (design rule 3). */
  readonly messageIdWindowMs: number;
  /** How long after T of a message its author may edit it. */
  readonly editWindowMs: number;
  /** How long after T of a message its author may delete it for everyone. */
  readonly deleteWindowMs: number;
  /** Of the encrypted body. */
  readonly maxBodyBytes: number;
  /** Of content that was sealed: body, preview, two URLs, and the seal. */
  readonly maxSealedBytes: number;
  /** In Unicode code points. */
  readonly maxPreviewChars: number;
  readonly maxRowsPerSubBucket: number;
  /** Ids that a conversation remembers at once; more sends within 120 s are refused as `conversation_busy`. */
  readonly maxRecentDecisions: number;
  /** A directory event that changes something takes a seq and becomes a system message. */
  readonly directoryTakesSeq: boolean;
  /** Messages of type mls carry a header in clear, and of the commits for one epoch the first is accepted. */
  readonly mlsIsOrdered: boolean;
}

/**
 * How long a decided id is remembered, in T. Part of the state's meaning, hence the same for every version. An id accepted at T
 * is inside its own window until at most T + 2 × messageIdWindowMs; twice that leaves no moment at which an id is neither
 * remembered nor out of its window.
 */
export const recentWindowMs = 120_000;

const first: Rules = {
  version: 1,
  messageIdWindowMs: 30_000,
  editWindowMs: 15 * minuteMs,
  deleteWindowMs: 60 * hourMs,
  maxBodyBytes: 65_536,
  maxSealedBytes: 65_536 + 8_192,
  maxPreviewChars: 200,
  maxRowsPerSubBucket: 100_000,
  maxRecentDecisions: 16_384,
  directoryTakesSeq: false,
  mlsIsOrdered: false,
};

const second: Rules = { ...first, version: 2, directoryTakesSeq: true };

const versions: readonly Rules[] = [first, second, { ...second, version: 3, mlsIsOrdered: true }];

/** The widest window of any version: a message's T lies no further than this from the time of its id. */
export const maxMessageIdWindowMs = Math.max(...versions.map((rules) => rules.messageIdWindowMs));

/** Undefined for a version that this build does not know. */
export function rulesOf(version: number): Rules | undefined {
  return versions[version - 1];
}

/** What this build stamps into events. */
export const currentRules: Rules = versions.at(-1)!;

/** Types that a person counts as messages: they raise `unread` and show in the conversation list. */
export function isCountable(type: MessageType): boolean {
  return type === 'text' || type === 'image' || type === 'video' || type === 'audio' || type === 'document';
}

/** Types by which a member says something, also by changing what they said; `who_may_send` is about these. */
export function isSpeech(type: MessageType): boolean {
  return isCountable(type) || type === 'edit';
}

/** Types that disappear: content does, what keeps the encryption or the group going never (design rule 23). */
export function isContent(type: MessageType): boolean {
  return type !== 'mls' && type !== 'system';
}

/** Types that change how another message is shown, and must name it. */
export function needsTarget(type: MessageType): boolean {
  return type === 'edit' || type === 'delete' || type === 'reaction';
}

/** True if the text has more than so many Unicode code points. */
export function isLongerThan(text: string, maxChars: number): boolean {
  if (text.length <= maxChars) return false;
  let chars = 0;
  for (const _ of text) if (++chars > maxChars) return true;
  return false;
}
