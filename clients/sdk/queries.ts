/** What a client asks of the server over its connection, and the answers: each call is one frame and one answer to it. */
import type { ClientFrameName } from '@parley/schemas/codec/frame-codec';
import type {
  FrameName,
  FrameTypes,
  InboxEntry,
  InboxPageFrame,
  ListedMember,
  MarkFrame,
  MemberReceipt,
  PageFrame,
} from '@parley/schemas/generated/wire';
import { PageSize } from './page-size.ts';
import type { Requests } from './requests.ts';
import type { Cursor } from './stores.ts';

const tailAt = 24;

/** The list is in order of id: the greatest that is before this one. Of the very few without one, the beginning of the list. */
function idBefore(id: string): string | null {
  const tail = Number.parseInt(id.slice(tailAt), 16);
  return tail === 0 ? null : id.slice(0, tailAt) + (tail - 1).toString(16).padStart(id.length - tailAt, '0');
}

/** False if there is no connection. */
export type SendFrame = <N extends ClientFrameName>(name: N, body: FrameTypes[N]) => boolean;

export interface AroundOptions {
  /** At most so many messages before it, and after it. */
  readonly before: number;
  readonly after: number;
  /** Only images, videos, audio and documents. */
  readonly mediaOnly?: boolean;
}

export interface MembersOptions {
  /** As of the message at this seq; else as of this time; else now. */
  readonly atSeq?: number;
  readonly atMs?: number;
}

export interface Members {
  readonly atSeq: number;
  readonly members: readonly ListedMember[];
}

export class Queries {
  readonly #requests: Requests;
  readonly #send: SendFrame;
  readonly #pages: PageSize;
  readonly #lists: PageSize;

  constructor(requests: Requests, send: SendFrame, settings: { pageEntries: number; inboxEntries: number }) {
    this.#requests = requests;
    this.#send = send;
    this.#pages = new PageSize(settings.pageEntries);
    this.#lists = new PageSize(settings.inboxEntries);
  }

  async #ask<N extends FrameName>(name: N, send: (requestId: number) => boolean): Promise<FrameTypes[N]> {
    const frame = await this.#requests.ask(send);
    if (frame.name !== name) throw new TypeError(`expected ${name}, the answer was ${frame.name}`);
    return frame.body as FrameTypes[N];
  }

  inbox(after: string | null): Promise<InboxPageFrame> {
    return this.#lists.ask(
      (limit) => this.#ask('inbox_page', (request_id) => this.#send('inbox', { request_id, after, limit })),
      ({ next }) => next !== null,
    );
  }

  /** Of one conversation; null where the user is in none of that id. */
  async inboxEntry(conversationId: string): Promise<InboxEntry | null> {
    const after = idBefore(conversationId);
    const page = await this.#ask('inbox_page', (request_id) => this.#send('inbox', { request_id, after, limit: 1 }));
    return page.entries.find((entry) => entry.conversation_id === conversationId) ?? null;
  }

  fetch({ conversationId: conversation_id, seq: after_seq, atMs: after_at_ms }: Cursor): Promise<PageFrame> {
    const cursor = { conversation_id, after_seq, after_at_ms };
    return this.#pages.ask(
      (limit) => this.#ask('page', (request_id) => this.#send('fetch', { request_id, ...cursor, limit })),
      ({ more }) => more,
    );
  }

  history(conversation_id: string, before_seq: number, before_at_ms: number, limit: number): Promise<PageFrame> {
    return this.#ask('page', (request_id) =>
      this.#send('history', { request_id, conversation_id, before_seq, before_at_ms, limit }),
    );
  }

  around(conversation_id: string, message_id: string | null, options: AroundOptions): Promise<PageFrame> {
    const { before, after, mediaOnly: media_only = false } = options;
    return this.#ask('page', (request_id) =>
      this.#send('around', { request_id, conversation_id, message_id, before, after, media_only }),
    );
  }

  withheld(conversation_id: string, before: string | null, limit: number): Promise<PageFrame> {
    return this.#ask('page', (request_id) => this.#send('withheld', { request_id, conversation_id, before, limit }));
  }

  async members(conversation_id: string, { atSeq = 0, atMs = 0 }: MembersOptions): Promise<Members> {
    const list = await this.#ask('member_list', (request_id) =>
      this.#send('members', { request_id, conversation_id, at_seq: atSeq, at_ms: atMs }),
    );
    return { atSeq: list.at_seq, members: list.members };
  }

  async receipts(conversation_id: string, seq: number): Promise<readonly MemberReceipt[]> {
    const list = await this.#ask('receipt_list', (request_id) =>
      this.#send('receipt_query', { request_id, conversation_id, seq }),
    );
    return list.members;
  }

  /** The entry as it is with the mark, which the log holds. */
  async mark(mark: Omit<MarkFrame, 'request_id'>): Promise<InboxEntry> {
    const { entry } = await this.#ask('inbox_update', (request_id) => this.#send('mark', { request_id, ...mark }));
    return entry;
  }
}
