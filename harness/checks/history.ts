/** What a run leaves behind: what was sent, what each device was given, which notifications went out. Checks look at nothing else. */

export type RecordedVerdict =
  | { readonly kind: 'accepted'; readonly messageId: string; readonly seq: number }
  | { readonly kind: 'refused'; readonly code: string };

export interface RecordedSend {
  readonly conversationId: string;
  readonly senderId: string;
  readonly senderDeviceId: string;
  /** What the application wrote: unique in the run, and the same if the message had to go on under a new id. */
  readonly content: string;
  /** The sender was told that the log holds it. */
  readonly isAppended: boolean;
  readonly verdict: RecordedVerdict | null;
  /** It changes how another message is shown: nobody is notified of it. */
  readonly isSilent?: boolean;
  /** Written by a member when all was calm: nothing may be wrong with it. */
  readonly isFlawless?: boolean;
}

export interface RecordedMessage {
  readonly seq: number;
  readonly messageId: string;
  readonly content: string;
  /** T, where it is known. */
  readonly atMs?: number;
}

export interface RecordedDevice {
  readonly userId: string;
  readonly deviceId: string;
  /** Of which its user is a member. */
  readonly conversationIds: readonly string[];
  /** Connected at the end, so that it should have everything. */
  readonly isOnline: boolean;
  /** Connected at any time. */
  readonly wasOnline: boolean;
  /** By conversation, in the order in which its application took them. */
  readonly received: ReadonlyMap<string, readonly RecordedMessage[]>;
  /** By conversation, when its user was in it; where it is absent, from the first message on and for ever. */
  readonly intervals?: ReadonlyMap<string, readonly RecordedInterval[]>;
  /** By conversation, up to where its user deleted it for themselves. */
  readonly cleared?: ReadonlyMap<string, number>;
}

/** What a user keeps about a conversation, as somebody shows it. */
export interface RecordedMarks {
  readonly userId: string;
  readonly conversationId: string;
  /** Who shows it: the store, or a device. */
  readonly toldTo: string;
  readonly shown: string;
  readonly actual: string;
}

export interface RecordedInterval {
  readonly joinedSeq: number;
  /** First seq that the user may no longer see; null while a member. */
  readonly leftSeq: number | null;
}

export interface RecordedPush {
  readonly deviceId: string;
  readonly conversationId: string;
  readonly seq: number;
  /** What it says, where that is neither the preview that its sender chose nor the text for those without. */
  readonly unchosenText?: string;
}

/** A message that reached a device in any way, whether or not its application was given it. */
export interface RecordedSight {
  readonly deviceId: string;
  readonly conversationId: string;
  readonly seq: number;
  readonly by: 'frame' | 'page' | 'push';
}

/** A receipt at the moment at which the log took it. */
export interface RecordedClaim {
  readonly deviceId: string;
  readonly conversationId: string;
  readonly kind: 'delivered' | 'read';
  readonly seq: number;
  /** Seqs at or below that the device did not have then. */
  readonly lacked: readonly number[];
  /** Its user never was in the conversation, or the conversation does not reach that far. */
  readonly isBaseless?: boolean;
}

/** Everything that a device was told of one own message, in order. */
export interface RecordedStatus {
  readonly deviceId: string;
  readonly messageId: string;
  readonly steps: readonly ('sent' | 'delivered' | 'read')[];
  /** It is known of everybody else in the conversation that they have it, and the device is online. */
  readonly isDelivered?: boolean;
}

/** Up to where a device that is online has a conversation of others, and up to where that is known. */
export interface RecordedWatermark {
  readonly deviceId: string;
  readonly conversationId: string;
  readonly has: number;
  readonly known: number;
}

/** How long a message took to a device that was connected and attentive all the while. */
export interface RecordedDelay {
  readonly deviceId: string;
  readonly conversationId: string;
  readonly seq: number;
  readonly tookMs: number;
}

export interface RecordedUnread {
  readonly userId: string;
  readonly conversationId: string;
  readonly shown: number;
  readonly recounted: number;
}

/** A conversation as somebody who begins anew is given it, and as the log says that it is. */
export interface RecordedReading {
  readonly userId: string;
  readonly conversationId: string;
  readonly by: 'fetch' | 'history';
  readonly given: readonly RecordedMessage[];
  readonly expected: readonly RecordedMessage[];
}

/** A table, and what of it is different after it was derived from the log again. */
export interface RecordedRebuild {
  readonly table: string;
  readonly different: readonly string[];
}

export interface RecordedPoison {
  readonly place: string;
  readonly isBuried: boolean;
  /** The letter holds the record as it stood, so that it can be sent again. */
  readonly isWhole: boolean;
}

export interface RecordedLetters {
  readonly kept: number;
  /** By the metrics of all processes. */
  readonly counted: number;
  /** Nothing failed, so both are the same. */
  readonly isExact: boolean;
}

/** Who is in a group by the directory, and by the conversation's own state. */
export interface RecordedGroup {
  readonly conversationId: string;
  readonly appointed: readonly string[];
  readonly actual: readonly string[];
}

/** What a process wrote for those who run it. */
export interface RecordedUtterance {
  readonly where: string;
  readonly text: string;
}

export interface RecordedSize {
  readonly what: string;
  readonly size: number;
  readonly atMost: number;
}

export interface RecordedPresence {
  readonly userId: string;
  /** Who says so: the store, or a device that watches. */
  readonly toldTo: string;
  readonly shown: string;
  readonly actual: string;
}

/** What is optional can be known only where the whole system is in one hand. */
export interface History {
  readonly sends: readonly RecordedSend[];
  readonly devices: readonly RecordedDevice[];
  readonly pushes: readonly RecordedPush[];
  readonly sights?: readonly RecordedSight[];
  /** By devices that were revoked, of messages from after everybody knew it. */
  readonly revoked?: readonly RecordedSight[];
  readonly claims?: readonly RecordedClaim[];
  readonly statuses?: readonly RecordedStatus[];
  readonly watermarks?: readonly RecordedWatermark[];
  /** While nothing failed. */
  readonly delays?: readonly RecordedDelay[];
  readonly unread?: readonly RecordedUnread[];
  readonly readings?: readonly RecordedReading[];
  readonly rebuilds?: readonly RecordedRebuild[];
  readonly poison?: readonly RecordedPoison[];
  readonly letters?: RecordedLetters;
  readonly presence?: readonly RecordedPresence[];
  readonly marks?: readonly RecordedMarks[];
  /** Presence and typing that somebody was shown who may not see it, or not shown who may. */
  readonly shownToOutsiders?: readonly string[];
  /** Commits that passed something whose effects were not stored. */
  readonly unpersisted?: readonly string[];
  /** Outcomes that are not what the rules say. */
  readonly misjudgements?: readonly string[];
  readonly groups?: readonly RecordedGroup[];
  readonly utterances?: readonly RecordedUtterance[];
  /** What no utterance may hold. */
  readonly secrets?: readonly string[];
  readonly sizes?: readonly RecordedSize[];
  /** What was still there after everybody had left. */
  readonly leftovers?: readonly string[];
  /** What processes said that they must never have to say, and what they threw. */
  readonly problems?: readonly string[];
}

export interface AcceptedSend extends RecordedSend {
  readonly verdict: Extract<RecordedVerdict, { kind: 'accepted' }>;
}

/** True if the device's user was in the conversation when the message came. */
export function sees({ intervals }: RecordedDevice, conversationId: string, seq: number): boolean {
  if (intervals === undefined) return true;
  const own = intervals.get(conversationId) ?? [];
  return own.some(({ joinedSeq, leftSeq }) => joinedSeq <= seq && (leftSeq === null || seq < leftSeq));
}

export const isAccepted = (send: RecordedSend): send is AcceptedSend => send.verdict?.kind === 'accepted';

/** True if the device is to be given the message: its user sees it, and has not deleted it. */
export function isDue(device: RecordedDevice, conversationId: string, seq: number): boolean {
  return seq > (device.cleared?.get(conversationId) ?? 0) && sees(device, conversationId, seq);
}

/** The accepted messages of each conversation. */
export function acceptedByConversation({ sends }: History): ReadonlyMap<string, readonly AcceptedSend[]> {
  const grouped = new Map<string, AcceptedSend[]>();
  for (const send of sends) {
    if (!isAccepted(send)) continue;
    const list = grouped.get(send.conversationId);
    if (list === undefined) grouped.set(send.conversationId, [send]);
    else list.push(send);
  }
  return grouped;
}
