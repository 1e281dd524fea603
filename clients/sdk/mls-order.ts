/**
 * Where the MLS group of a conversation stands, as its messages tell: what the next commit must say in clear, and whether the keys
 * are those of the members.
 *
 *   const order = new MlsOrder(userId);
 *   for (const message of messages) {
 *     order.apply(message);                     // in order of seq, all messages of the conversation
 *     if (message.mls?.kind === 'commit') await group.process(message.encrypted_body);
 *   }
 *   await client.send({ conversationId, messageType: 'mls', mls: order.commit(groupId), encryptedBody: commit });
 *
 * A commit that is refused with `epoch_conflict` or `membership_stale` lost to what this device has yet to apply: apply it, and make
 * the commit anew. While `isPending`, members came or went, or a generation was opened, and no commit has followed: somebody has to
 * make one before more is said.
 */
import type { WireMessage } from '@parley/schemas/generated/wire';
import type { MlsMessage } from './mls-message.ts';

/** What an application keeps of it, beside its cursor. */
export interface MlsPosition {
  readonly generation: number;
  readonly epoch: number;
  /** In base64; null before the generation's first commit. */
  readonly groupId: string | null;
  readonly seq: number;
  readonly changedSeq: number;
  readonly commitSeq: number;
}

const start: MlsPosition = { generation: 0, epoch: 0, groupId: null, seq: 0, changedSeq: 0, commitSeq: 0 };
const membershipKinds: ReadonlySet<string> = new Set(['created', 'added', 'joined_by_link', 'removed', 'left']);

export class MlsOrder {
  #position: MlsPosition;
  readonly #userId: string;

  constructor(userId: string, position: MlsPosition = start) {
    this.#userId = userId;
    this.#position = position;
  }

  get position(): MlsPosition {
    return this.#position;
  }

  get isPending(): boolean {
    const { generation, epoch, changedSeq, commitSeq } = this.#position;
    return (epoch > 0 || generation > 0) && changedSeq > commitSeq;
  }

  /** Messages in order of seq, each once; others than these are passed over. */
  apply(message: WireMessage): void {
    if (message.seq <= this.#position.seq) return;
    this.#position = { ...this.#position, seq: message.seq };
    if (message.system !== null) this.#changed(message);
    else if (message.mls?.kind === 'commit') this.#committed(message);
    else if (message.mls?.kind === 'welcome' && message.mls.recipient_id === this.#userId) this.#welcomed(message);
  }

  #changed({ seq, system }: WireMessage): void {
    if (system === null) return;
    if (system.kind === 'keys_renewed') {
      const generation = Number(system.text);
      this.#position = { ...this.#position, generation, epoch: 0, groupId: null, changedSeq: seq };
    } else if (membershipKinds.has(system.kind)) {
      this.#position = { ...this.#position, changedSeq: seq };
    }
  }

  #committed({ seq, mls }: WireMessage): void {
    if (mls === null) return;
    const groupId = mls.group_id.toString('base64');
    const { generation, epoch } = mls;
    this.#position = { ...this.#position, generation, epoch: epoch + 1, groupId, commitSeq: seq };
  }

  /** Who comes later begins at the epoch that the welcome leads into, if no commit that they have seen led further. */
  #welcomed({ mls }: WireMessage): void {
    const { generation, epoch } = this.#position;
    if (mls === null || mls.generation < generation) return;
    if (mls.generation === generation && mls.epoch <= epoch) return;
    const groupId = mls.group_id.toString('base64');
    this.#position = { ...this.#position, generation: mls.generation, epoch: mls.epoch, groupId };
  }

  /** Of a commit for the current epoch. */
  commit(groupId: string): MlsMessage {
    const { generation, epoch, seq } = this.#position;
    return { kind: 'commit', groupId, generation, epoch, afterSeq: seq, recipientId: null };
  }

  /** Of a proposal for the current epoch. */
  proposal(groupId: string): MlsMessage {
    return { ...this.commit(groupId), kind: 'proposal', afterSeq: 0 };
  }

  /** Of a welcome into the current epoch: to be sent once the commit that adds them was accepted, and applied here. */
  welcome(groupId: string, recipientId: string): MlsMessage {
    return { ...this.commit(groupId), kind: 'welcome', afterSeq: 0, recipientId };
  }

  /** Says to the others that the commit accepted for an epoch cannot be applied. */
  unusable(groupId: string, epoch: number): MlsMessage {
    return { ...this.commit(groupId), kind: 'unusable', epoch, afterSeq: 0 };
  }

  /** 1:1 only: of the first commit of the next generation. In a group an admin opens it first. */
  commitAnew(groupId: string): MlsMessage {
    const { generation, seq } = this.#position;
    return { kind: 'commit', groupId, generation: generation + 1, epoch: 0, afterSeq: seq, recipientId: null };
  }
}
