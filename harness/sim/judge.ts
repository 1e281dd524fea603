/**
 * What the rules say of a record, told a second time and by other means than the fold: a plain history of what was accepted, and a
 * handful of questions to each outcome. Where the fold is wrong, its own state is wrong with it; this is not.
 */
import type { MemberRole, MessageSent } from '@parley/schemas/generated/events';
import { directConversationId, isDirectConversationId } from '@parley/schemas/identity/conversation-id';
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
  SystemMessage,
} from '@parley/streams/conversation/outcome';
import { MlsJudge } from './judge-mls.ts';

/** Design rule 3. */
const windowMs = 30_000;
const rememberedMs = 120_000;
/** The last under which directory events took no seq. */
const silentRules = 1;

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
  readonly mls: MlsJudge;
  readonly #accepted = new Map<string, First>();
  /** What was said first to an id that was refused: it is said again, whatever has changed since. */
  readonly #refused = new Map<string, string>();
  /** By user, while in the conversation. */
  readonly #roles = new Map<string, MemberRole>();
  #adminsOnly = false;
  #timerSeconds = 0;
  /** All that has a place. */
  #messages = 0;
  /** T of every send that was decided, to know how many ids may be remembered. */
  readonly #decidedAtMs: number[] = [];
  #version = 0;
  #atMs = 0;

  constructor(conversationId: string) {
    this.conversationId = conversationId;
    this.mls = new MlsJudge(isDirectConversationId(conversationId));
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
      if (outcome.kind === 'accepted' && received.name === 'message_sent') this.#sealing(received.event);
    } else if (outcome.kind === 'withheld') {
      this.#say(`${outcome.sent.message_id} was withheld though nobody blocks anybody`);
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
    const fault = known === undefined && outcome.kind !== 'duplicate' ? this.mls.fault(outcome) : null;
    if (fault !== null) this.#say(`${about}: ${fault}`);
    if (outcome.kind !== 'accepted') return;
    if (outcome.creates)
      for (const userId of [sent.sender_id, sent.peer_id]) if (userId !== null) this.#roles.set(userId, 'member');
    this.#messages++;
    this.#accepted.set(sent.message_id, { seq: outcome.seq, atMs: this.#atMs, ...whatOf(sent) });
  }

  /** As the log holds it. */
  #sealing({ message_id: id, timer_seconds: timerSeconds, encrypted_body: body, sealed_content }: MessageSent): void {
    if (timerSeconds > 0 && (sealed_content === null || body.length > 0))
      this.#say(`${id} disappears, and is not sealed`);
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
    const role = this.#roles.get(sent.sender_id);
    const isSilenced = this.#adminsOnly && role !== 'admin' && isSpeech(sent);
    if (outcome.kind === 'refused') {
      if (outcome.code === 'out_of_window' && this.#isInWindow(sent)) return 'lies in its window';
      const isRepeated = this.#refused.get(sent.message_id) === outcome.code;
      this.#refused.set(sent.message_id, outcome.code);
      if (isRepeated) return null;
      if (outcome.code === 'not_a_member' && role !== undefined) return 'its sender is a member';
      if (outcome.code === 'timer_changed') return this.#namesTimer(sent) ? 'names the timer in force' : null;
      return outcome.code === 'admins_only' && !isSilenced ? 'its sender may send' : null;
    }
    if (!this.#isInWindow(sent)) return 'lies outside its window';
    if (outcome.seq !== this.#messages + 1) return `${this.#messages} have places before, not ${outcome.seq - 1}`;
    if (outcome.creates) return this.#makes(sent) ? null : 'does not make this conversation';
    if (role === undefined) return 'its sender is no member';
    if (isSilenced) return 'its sender may not send';
    if (!this.#namesTimer(sent)) return 'names another timer than the one in force';
    return sent.peer_id === null || this.#makes(sent) ? null : 'names another peer';
  }

  #namesTimer({ message_type: type, timer_seconds: timerSeconds }: MessageSent): boolean {
    return type === 'mls' || timerSeconds === this.#timerSeconds;
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
    const membersBefore = this.#roles.size;
    const isTold = this.#change(received) && received.event.rules_version > silentRules;
    this.#system(outcome.system, isTold ? this.#messages + 1 : null);
    if (this.#roles.size !== membersBefore) this.mls.membersChanged(this.#messages);
    if (received.name === 'mls_generation_opened' && isTold) this.mls.generationOpened(this.#messages);
  }

  #shown(): string {
    return JSON.stringify([...this.#roles, this.#adminsOnly, this.#timerSeconds]);
  }

  /** True if it changed something that a member would see. */
  #change({ name, event }: DirectoryEvent): boolean {
    const before = this.#shown();
    switch (name) {
      case 'conversation_created':
        for (const { user_id: userId, role } of event.members) this.#roles.set(userId, role);
        this.#adminsOnly = event.who_may_send === 'admins';
        break;
      case 'member_added':
        if (!this.#roles.has(event.user_id)) this.#roles.set(event.user_id, event.role);
        break;
      case 'member_removed':
        this.#roles.delete(event.user_id);
        break;
      case 'conversation_timer_changed':
        this.#timerSeconds = event.timer_seconds;
        break;
      case 'member_role_changed':
        if (this.#roles.has(event.user_id)) this.#roles.set(event.user_id, event.role);
        break;
      case 'mls_generation_opened':
        return this.mls.isEnding(event.from_generation);
      case 'conversation_changed':
        if (event.who_may_send !== null) this.#adminsOnly = event.who_may_send === 'admins';
        return event.title !== null || before !== this.#shown();
    }
    return before !== this.#shown();
  }

  /** It has the next place, at its own time, under an id that nobody has. */
  #system(system: SystemMessage | null, seq: number | null): void {
    if (system?.seq !== (seq ?? undefined)) this.#say(`a system message has the place ${system?.seq}, not ${seq}`);
    if (system === null) return;
    this.#messages++;
    if (messageIdTimeMs(system.messageId) !== this.#atMs) this.#say(`${system.messageId} is not of ${this.#atMs}`);
    if (this.#accepted.has(system.messageId)) this.#say(`${system.messageId} is a message's and the directory's`);
    this.#accepted.set(system.messageId, { seq: system.seq, atMs: this.#atMs, senderId: '', content: '' });
    this.#decidedAtMs.push(this.#atMs);
  }
}

const speech: ReadonlySet<string> = new Set(['text', 'image', 'video', 'audio', 'document', 'edit']);

const isSpeech = ({ message_type: type }: MessageSent): boolean => speech.has(type);

function whatOf({ sender_id: senderId, encrypted_body: body }: MessageSent): Pick<First, 'senderId' | 'content'> {
  return { senderId, content: body.toString('latin1') };
}
