/**
 * Who may know what of a user: their settings, and what they have to do with another.
 *
 * One sees of another's presence no more than one shows them: `maySeePresence` asks both ways. So whoever hides theirs from
 * everybody sees nobody's, whoever shows it to contacts sees that of those contacts who show theirs, and a block hides both from
 * each other. "Contacts" are those in the address book of the user who is looked at, not in that of who looks.
 */

export const audiences = ['everyone', 'contacts', 'nobody'] as const;
export type Audience = (typeof audiences)[number];

export interface PrivacySettings {
  /** Who may see whether the user is online, and when they were last. */
  readonly lastSeen: Audience;
  /** False: nobody learns what the user has read, and the user not what others have. */
  readonly readReceipts: boolean;
}

export const defaultPrivacy: PrivacySettings = { lastSeen: 'everyone', readReceipts: true };

/** One user as another one sees them. */
export interface UserPair {
  readonly ownerId: string;
  readonly otherId: string;
}

/** What the owner has to do with the other. */
export interface Relation {
  /** The other stands in the owner's address book. */
  readonly isContact: boolean;
  /** The owner has blocked the other. */
  readonly isBlocked: boolean;
}

export const stranger: Relation = { isContact: false, isBlocked: false };

/** What is asked of the directory; both answers are in the order asked. */
export interface PrivacyDirectory {
  settingsOf(userIds: readonly string[]): Promise<readonly PrivacySettings[]>;
  relationsOf(pairs: readonly UserPair[]): Promise<readonly Relation[]>;
}

/** A user's settings, and what they have to do with the other one. */
export interface Side {
  readonly settings: PrivacySettings;
  readonly relation: Relation;
}

export function maySeePresence(viewer: Side, watched: Side): boolean {
  return showsPresence(viewer) && showsPresence(watched);
}

function showsPresence({ settings: { lastSeen }, relation }: Side): boolean {
  if (relation.isBlocked) return false;
  return lastSeen === 'everyone' || (lastSeen === 'contacts' && relation.isContact);
}
