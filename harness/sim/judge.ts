/**
 * What the rules say of a record, told a second time and by other means than the fold: a plain history of what was accepted, and a
 * handful of questions to each outcome. Where the fold is wrong, its own state is wrong with it; this is not.
 */
import type { MessageSent } from '@parley/schemas/generated/events';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { messageIdTimeMs } from '@parley/schemas/identity/message-id';
import type {
  Accepted,
  DirectoryChanged,
  DirectoryEvent,
  Duplicate,
  Ignored,
  Outcome,
  ReceivedEvent,
  Refused,
} from '@parley/streams/conversation/outcome';

/** Design rule 3. */
const windowMs = 30_000;
const rememberedMs = 120_000;

interface First {
  readonly seq: number;
  readonly atMs: number;
  readonly senderId: string;
  readonly content: string;
}

type Message = Accepted | Duplicate | Refused;

export class Judge {
  readonly conversationId: string;
  readonly misjudgements: string[] = [];
  readonly #accepted = new Map<string, First>();
  /** What was said first to an id that was refused: it is said again, whatever has changed since. */
  readonly #refused = new Map<string, string>();
  readonly #members = new Set<string>();
  /** T of every send that was decided, to know how many ids may be remembered. */
  readonly #decidedAtMs: number[] = [];
  #version = 0;
  #atMs = 0;

  constructor(conversationId: string) {
    this.conversationId = conversationId;
  }

  /** How many ids were decided in the time for which they are remembered. */
  get idsInWindow(): number {
    return this.#decidedAtMs.filter((atMs) => atMs >= this.#atMs - rememberedMs).length;
  }

  see(received: ReceivedEvent, outcome: Outcome): void {
    this.#atMs = Math.max(this.#atMs, received.receivedAtMs);
    if (outcome.kind === 'halted') return;
    if (outcome.atMs !== this.#atMs) this.#say(`T is ${outcome.atMs}, not ${this.#atMs}`);
    if (outcome.kind === 'accepted' || outcome.kind === 'duplicate' || outcome.kind === 'refused') {
      this.#decidedAtMs.push(this.#atMs);
      this.#message(outcome);
    } else if (received.name !== 'message_sent') {
      this.#directory(received, outcome);
    }
  }

  #say(what: string): void {
    this.misjudgements.push(`${this.conversationId}: ${what}`);
  }

  #message(outcome: Message): void {
    const { sent } = outcome;
    const about = `${outcome.kind} ${sent.encrypted_body.toString('latin1')} (${sent.message_id})`;
    const known = this.#accepted.get(sent.message_id);
    const found = known === undefined ? this.#unknown(outcome) : this.#known(outcome, known);
    if (found !== null) this.#say(`${about}: ${found}`);
    if (outcome.kind !== 'accepted') return;
    if (outcome.creates)
      for (const userId of [sent.sender_id, sent.peer_id]) if (userId !== null) this.#members.add(userId);
    this.#accepted.set(sent.message_id, { seq: outcome.seq, atMs: this.#atMs, ...whatOf(sent) });
  }

  /** A known id gives the first seq again; with other content, and where it is out of its window, a refusal. */
  #known(outcome: Message, first: First): string | null {
    const { senderId, content } = whatOf(outcome.sent);
    const isSame = senderId === first.senderId && content === first.content;
    if (outcome.kind === 'accepted') return `was accepted as ${first.seq} before`;
    if (outcome.kind === 'duplicate')
      return isSame && outcome.seq === first.seq ? null : `is not what stands at ${first.seq}`;
    if (outcome.code === 'out_of_window') return this.#isInWindow(outcome.sent) ? 'lies in its window' : null;
    return isSame ? `stands at ${first.seq}` : null;
  }

  #unknown(outcome: Message): string | null {
    const { sent } = outcome;
    if (outcome.kind === 'duplicate') return 'nothing was accepted under the id';
    const isMember = this.#members.has(sent.sender_id);
    if (outcome.kind === 'refused') {
      if (outcome.code === 'out_of_window' && this.#isInWindow(sent)) return 'lies in its window';
      const isRepeated = this.#refused.get(sent.message_id) === outcome.code;
      this.#refused.set(sent.message_id, outcome.code);
      return outcome.code === 'not_a_member' && isMember && !isRepeated ? 'its sender is a member' : null;
    }
    if (!this.#isInWindow(sent)) return 'lies outside its window';
    if (outcome.seq !== this.#accepted.size + 1)
      return `${this.#accepted.size} were accepted before, not ${outcome.seq - 1}`;
    if (outcome.creates) return this.#makes(sent) ? null : 'does not make this conversation';
    if (!isMember) return 'its sender is no member';
    return sent.peer_id === null || this.#makes(sent) ? null : 'names another peer';
  }

  #isInWindow({ message_id: messageId }: MessageSent): boolean {
    return Math.abs(messageIdTimeMs(messageId) - this.#atMs) <= windowMs;
  }

  #makes({ sender_id: senderId, peer_id: peerId }: MessageSent): boolean {
    return peerId !== null && directConversationId(senderId, peerId) === this.conversationId;
  }

  /** Each version once, and in order. */
  #directory(received: DirectoryEvent, outcome: DirectoryChanged | Ignored): void {
    const version = received.event.directory_version;
    const isNext = version === this.#version + 1;
    if (outcome.kind === 'ignored') {
      if (isNext) this.#say(`directory version ${version} was passed over`);
      return;
    }
    if (!isNext) this.#say(`directory version ${version} was applied after ${this.#version}`);
    this.#version = version;
    if (received.name === 'member_removed') this.#members.delete(received.event.user_id);
    else if (received.name === 'member_added') this.#members.add(received.event.user_id);
    else if (received.name === 'conversation_created')
      for (const { user_id: userId } of received.event.members) this.#members.add(userId);
  }
}

function whatOf({ sender_id: senderId, encrypted_body: body }: MessageSent): Pick<First, 'senderId' | 'content'> {
  return { senderId, content: body.toString('latin1') };
}
