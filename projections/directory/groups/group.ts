/** Groups as the directory has them: who they are, who is in, and their bounds. */
import type { MemberRole, WhoMay } from '@parley/schemas/generated/events';

export const maxTitleChars = 100;
export const maxDescriptionChars = 512;
export const maxPictureUrlChars = 500;
export const defaultMaxMembers = 256;
export const leastMaxMembers = 2;
export const greatestMaxMembers = 1_024;
/** Groups that a user may be in. */
export const maxGroupsPerUser = 2_000;
/** Of one call: each is an event of its own. */
export const maxAddedAtOnce = 100;

export interface GroupSettings {
  readonly title: string;
  readonly description: string | null;
  readonly pictureUrl: string | null;
  readonly whoMaySend: WhoMay;
  readonly whoMayEdit: WhoMay;
  readonly maxMembers: number;
}

export interface NewGroup extends GroupSettings {
  /** Besides whoever makes it. */
  readonly memberIds: readonly string[];
}

export interface GroupMember {
  readonly userId: string;
  readonly displayName: string;
  readonly role: MemberRole;
  readonly joinedAtMs: number;
}

export interface Group extends GroupSettings {
  readonly groupId: string;
  /** Of its last change: a client that has this version has the newest. */
  readonly version: number;
  readonly createdBy: string;
  readonly createdAtMs: number;
  /** Those who have been in the longest come first. */
  readonly members: readonly GroupMember[];
}

/** A group in the list of one of its members. */
export interface GroupSummary {
  readonly groupId: string;
  readonly version: number;
  readonly title: string;
  readonly pictureUrl: string | null;
  readonly role: MemberRole;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** What to ask for next; null at the end. */
  readonly next: string | null;
}

/** What was committed: the log has everything up to the version, or will. */
export interface ChangedGroup {
  readonly groupId: string;
  readonly version: number;
}

/** Who asks, and the key under which a repetition is known. */
export interface Asker {
  readonly userId: string;
  readonly requestKey: string | null;
}
