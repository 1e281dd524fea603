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
}

export interface RecordedMessage {
  readonly seq: number;
  readonly messageId: string;
  readonly content: string;
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
}

export interface RecordedPush {
  readonly deviceId: string;
  readonly conversationId: string;
  readonly seq: number;
}

export interface History {
  readonly sends: readonly RecordedSend[];
  readonly devices: readonly RecordedDevice[];
  readonly pushes: readonly RecordedPush[];
}

export interface AcceptedSend extends RecordedSend {
  readonly verdict: Extract<RecordedVerdict, { kind: 'accepted' }>;
}

export const isAccepted = (send: RecordedSend): send is AcceptedSend => send.verdict?.kind === 'accepted';

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
