/** What `decide` says of one event. `evolve` and the processor act on nothing else. */
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import type {
  BlockChanged,
  ConversationChanged,
  ConversationCreated,
  ConversationTimerChanged,
  MemberAdded,
  MemberRemoved,
  MemberRole,
  MemberRoleChanged,
  MessageSent,
  MlsGenerationOpened,
  WhoMay,
} from '@parley/schemas/generated/events';
import type { SystemChange } from '@parley/schemas/generated/wire';
import type { MlsState } from './mls.ts';

export type DirectoryEvent =
  | { readonly name: 'block_changed'; readonly event: BlockChanged }
  | { readonly name: 'conversation_created'; readonly event: ConversationCreated }
  | { readonly name: 'conversation_changed'; readonly event: ConversationChanged }
  | { readonly name: 'conversation_timer_changed'; readonly event: ConversationTimerChanged }
  | { readonly name: 'member_added'; readonly event: MemberAdded }
  | { readonly name: 'member_removed'; readonly event: MemberRemoved }
  | { readonly name: 'member_role_changed'; readonly event: MemberRoleChanged }
  | { readonly name: 'mls_generation_opened'; readonly event: MlsGenerationOpened };

export type ConversationEvent = { readonly name: 'message_sent'; readonly event: MessageSent } | DirectoryEvent;

/** An event as the fold gets it: decoded, with the record's timestamp as the receive time. */
export type ReceivedEvent = ConversationEvent & { readonly receivedAtMs: number };

/** In every outcome: T, and the write timestamp of whatever the event writes. */
export interface Moment {
  readonly atMs: number;
  readonly writeTimestampUs: number;
}

export interface Accepted extends Moment {
  readonly kind: 'accepted';
  readonly sent: MessageSent;
  readonly seq: number;
  readonly ordinal: number;
  readonly bucket: number;
  readonly subBucket: number;
  /** True for the first row of a (sub-)bucket. */
  readonly opensBucket: boolean;
  /** True if this first message made the 1:1 conversation. */
  readonly creates: boolean;
  readonly payloadHash: Buffer;
  /** When it disappears, fixed here for ever (design rule 23); null for never. */
  readonly expiresAtMs: number | null;
}

/**
 * The sender is blocked by the other user of the 1:1 conversation: the message takes no seq and no ordinal (both are 0), is kept in
 * the sender's own side partition, and is shown to the sender's devices alone, before and after an unblock (design rule 6).
 */
export interface Withheld extends Omit<Accepted, 'kind'> {
  readonly kind: 'withheld';
}

/** The id was decided before with the same payload: the verdict is the first one again; seq 0 for what was withheld. */
export interface Duplicate extends Moment {
  readonly kind: 'duplicate';
  readonly sent: MessageSent;
  readonly seq: number;
  readonly ordinal: number;
  readonly firstAtMs: number;
}

export interface Refused extends Moment {
  readonly kind: 'refused';
  readonly sent: MessageSent;
  /** For `out_of_window` the processor looks in the message store whether it was accepted once (design rule 3). */
  readonly code: ErrorCode;
  /**
   * True if the id is to be remembered with this refusal, so that a retry within the window gets the same. False where the id
   * is remembered already, where the same bytes always get the same answer, and where to remember would be what is refused.
   */
  readonly remembered: boolean;
  readonly payloadHash: Buffer;
}

export interface MemberChange {
  /** `role`: the same interval, under another role. */
  readonly change: 'joined' | 'left' | 'role';
  readonly userId: string;
  readonly role: MemberRole;
  readonly joinedSeq: number;
  /** First seq that the member may no longer see; null while a member. */
  readonly leftSeq: number | null;
}

/** The message that a directory event becomes. */
export interface SystemMessage {
  readonly messageId: string;
  readonly payloadHash: Buffer;
  readonly seq: number;
  /** That of the last countable message: nobody has to read a system message. */
  readonly ordinal: number;
  readonly bucket: number;
  readonly subBucket: number;
  readonly opensBucket: boolean;
  readonly change: SystemChange;
}

export interface DirectoryChanged extends Moment {
  readonly kind: 'directory_changed';
  readonly directoryVersion: number;
  readonly changes: readonly MemberChange[];
  /** From now on; null: as it was. */
  readonly whoMaySend: WhoMay | null;
  /** From now on, 0 for off; null: as it was. */
  readonly timerSeconds: number | null;
  /** Those who have blocked the other from now on; null: as it was. */
  readonly blockers: ReadonlySet<string> | null;
  /** From now on; null: as it was. */
  readonly mls: MlsState | null;
  /** Null where the event changes nothing, or is of rules under which it takes no seq. */
  readonly system: SystemMessage | null;
}

/**
 * A directory event that changes nothing. `already_applied`: at or below the version that was applied, a relay sent it again.
 * `direct_conversation`: the id is version 5, and the members of a 1:1 conversation are its two users whatever a directory
 * says (design rule 5). No later event could mend it, so to halt would stop the partition for ever; it isn't poison either: it
 * decodes, and the log must give the same answer on every replay.
 */
export interface Ignored extends Moment {
  readonly kind: 'ignored';
  readonly reason: 'already_applied' | 'direct_conversation';
}

/**
 * The partition stops with an alarm, and the state is not changed: a directory event above last + 1 (design rule 20), or rules of a
 * version that only a later build knows (design rule 7).
 */
export interface Halted extends Moment {
  readonly kind: 'halted';
  readonly code: 'directory_gap' | 'rules_unknown';
}

export type Outcome = Accepted | Withheld | Duplicate | Refused | DirectoryChanged | Ignored | Halted;
