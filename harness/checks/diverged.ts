/** A seq names one message, and a message has one seq, on every device and in every verdict. */
import type { Check } from './check.ts';
import type { History } from './history.ts';

interface Placement {
  readonly conversationId: string;
  readonly seq: number;
  readonly messageId: string;
  readonly where: string;
}

function* placements({ sends, devices }: History): Generator<Placement> {
  for (const { conversationId, senderDeviceId, verdict } of sends) {
    if (verdict?.kind !== 'accepted') continue;
    yield { conversationId, seq: verdict.seq, messageId: verdict.messageId, where: `the verdict to ${senderDeviceId}` };
  }
  for (const { deviceId, received } of devices) {
    for (const [conversationId, messages] of received) {
      for (const { seq, messageId } of messages) yield { conversationId, seq, messageId, where: deviceId };
    }
  }
}

export const diverged: Check = {
  name: 'diverged',
  means: 'Two people, or two devices of one, see the same chat in different orders.',
  invariants: [3],
  find(history) {
    const messageAt = new Map<string, string>();
    const seqOf = new Map<string, number>();
    const contradictions: string[] = [];
    for (const { conversationId, seq, messageId, where } of placements(history)) {
      const place = `${conversationId}/${seq}`;
      const other = messageAt.get(place) ?? messageId;
      const otherSeq = seqOf.get(messageId) ?? seq;
      if (other !== messageId) contradictions.push(`seq ${seq} is ${other}, and ${messageId} for ${where}`);
      if (otherSeq !== seq) contradictions.push(`${messageId} is seq ${otherSeq}, and ${seq} for ${where}`);
      messageAt.set(place, other);
      seqOf.set(messageId, otherSeq);
    }
    return contradictions;
  },
};
