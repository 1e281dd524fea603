/** The other end of a client's wire: a server that answers what a test tells it to, and keeps what arrived. */
import { decodeFrame, encodeFrame, type Frame } from '@parley/schemas/codec/frame-codec';
import type { VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { FrameName, FrameTypes, SendFrame, WireMessage } from '@parley/schemas/generated/wire';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import type { Transport, TransportHandlers } from './transport.ts';

export const alice = '11111111-1111-4111-8111-111111111111';
export const bob = '22222222-2222-4222-8222-222222222222';
export const device = '33333333-3333-4333-8333-333333333333';
const bobDevice = '44444444-4444-4444-8444-444444444444';
export const conversation = directConversationId(alice, bob);
/** What its hello says. */
export const limits = {
  max_frame_bytes: 131072,
  max_body_bytes: 65536,
  max_preview_chars: 200,
  max_page_entries: 200,
  max_inbox_entries: 2_000,
  max_watched: 256,
  live_window: 64,
  messages_per_minute: 100,
  message_id_window_ms: 30000,
};

/** The other end of the wire: answers what the test tells it to and keeps what arrived. */
export class Server implements Transport {
  readonly received: Frame[] = [];
  connections = 0;
  #handlers: TransportHandlers | null = null;
  readonly #clock: VirtualTime;
  skewMs = 0;
  log: WireMessage[] = [];
  silentInbox = false;
  readSeq = 0;

  constructor(clock: VirtualTime) {
    this.#clock = clock;
  }

  open(_url: string, _protocols: readonly string[], handlers: TransportHandlers) {
    this.connections++;
    this.#handlers = handlers;
    queueMicrotask(() => {
      handlers.opened();
      this.#hello();
    });
    return {
      send: (bytes: Uint8Array) => {
        const frame = decodeFrame(Buffer.from(bytes));
        this.received.push(frame);
        queueMicrotask(() => this.#answer(frame));
      },
      close: (code: number, reason: string) => queueMicrotask(() => this.close(code, reason)),
    };
  }

  #hello(): void {
    this.tell('hello', {
      connection_id: this.connections,
      user_id: alice,
      device_id: device,
      gateway_id: 'g1',
      server_time_ms: this.#clock.nowMs() + this.skewMs,
      heartbeat_interval_ms: 30_000,
      heartbeat_timeout_ms: 60_000,
      rules_version: 1,
      limits,
    });
  }

  #answer(frame: Frame): void {
    if (frame.name === 'inbox' && !this.silentInbox) {
      const last = this.log.at(-1);
      const entries =
        last === undefined
          ? []
          : [
              {
                conversation_id: conversation,
                conversation_type: 'one_on_one' as const,
                other_user_id: bob,
                group_id: null,
                last_message_preview: null,
                last_message_at_ms: last.at_ms,
                last_seq: last.seq,
                read_seq: this.readSeq,
                unread_count: 0,
                left_seq: null,
                ...{ last_ordinal: last.ordinal, seen_ordinal: 0, marks: [] },
              },
            ];
      this.tell('inbox_page', { request_id: frame.body.request_id, entries, next: null });
    }
    if (frame.name === 'fetch') {
      const from = frame.body.after_seq + 1;
      const messages = this.log.filter((one) => one.seq >= from).slice(0, 2);
      const to = messages.at(-1)?.seq ?? from - 1;
      const lastSeq = this.log.at(-1)?.seq ?? 0;
      this.tell('page', {
        request_id: frame.body.request_id,
        conversation_id: conversation,
        covered_from: from,
        covered_to: to,
        covered_to_at_ms: messages.at(-1)?.at_ms ?? 0,
        last_seq: lastSeq,
        more: to < lastSeq,
        messages,
      });
    }
    if (frame.name === 'receipt_query') {
      this.tell('receipt_list', { request_id: frame.body.request_id, conversation_id: conversation, members: [] });
    }
  }

  tell<N extends FrameName>(name: N, body: FrameTypes[N]): void {
    this.#handlers?.received(encodeFrame(name, body));
  }

  close(code: number, reason = ''): void {
    const handlers = this.#handlers;
    this.#handlers = null;
    handlers?.closed(code, reason);
  }

  sends(): SendFrame[] {
    return this.received.flatMap((frame) => (frame.name === 'send' ? [frame.body] : []));
  }

  of<N extends FrameName>(name: N): FrameTypes[N][] {
    return this.received.flatMap((frame) => (frame.name === name ? [frame.body as FrameTypes[N]] : []));
  }
}

export function fromBob(seq: number): WireMessage {
  return {
    conversation_id: conversation,
    seq,
    ordinal: seq,
    message_id: `01HZZZZZZZZZZZZZZZZZZZZZ${String(seq).padStart(2, '0')}`,
    sender_id: bob,
    sender_device_id: bobDevice,
    message_type: 'text',
    encrypted_body: Buffer.from([seq]),
    preview: null,
    media_url: null,
    thumbnail_url: null,
    reply_to: null,
    target_id: null,
    at_ms: 1_000_000 + seq,
    system: null,
    expires_at_ms: null,
    mls: null,
  };
}
