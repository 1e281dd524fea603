/** The script of a page that chats: what a web client does with the SDK, and what it told its user kept for the test to read. */
import {
  AccountApi,
  browserEnvironment,
  openBrowserStores,
  ParleyClient,
  RefreshingCredentials,
} from '@parley/sdk/browser';

/** What a page has seen since it was loaded. */
export interface Seen {
  readonly texts: string[];
  /** Places in the conversation, in the order in which the messages came. */
  readonly seqs: number[];
  /** By message id, in order. */
  readonly statuses: Record<string, string[]>;
  readonly verdicts: Record<string, string>;
  readonly errors: string[];
  syncs: number;
  connects: number;
  ended: string | null;
}

export interface Chat {
  readonly seen: Seen;
  /** Makes a device and keeps its tokens in the page's database. */
  register(apiUrl: string, phoneNumber: string, name: string): Promise<string>;
  /** Connects as the device of which the database knows. */
  open(apiUrl: string, gatewayUrls: readonly string[]): Promise<void>;
  send(peerId: string, text: string): Promise<string>;
  /** Reads everything that came since the page was loaded. */
  readAll(): boolean;
  pending(): number;
}

const database = 'parley';
const seen: Seen = { texts: [], seqs: [], statuses: {}, verdicts: {}, errors: [], syncs: 0, connects: 0, ended: null };
let client: ParleyClient | null = null;
let newest: { conversationId: string; seq: number; messageId: string } | null = null;

function running(): ParleyClient {
  if (client === null) throw new Error('the page was not opened');
  return client;
}

function listen(to: ParleyClient): void {
  to.on('messages', ({ conversationId, messages }) => {
    for (const message of messages) {
      seen.texts.push(new TextDecoder().decode(message.encrypted_body));
      seen.seqs.push(message.seq);
      newest = { conversationId, seq: message.seq, messageId: message.message_id };
    }
  });
  to.on('status', ({ messageId, status }) => {
    seen.statuses[messageId] = [...(seen.statuses[messageId] ?? []), status];
  });
  to.on('error', ({ code, message }) => seen.errors.push(`${code}: ${message}`));
  to.on('ended', ({ code }) => {
    seen.ended = code;
  });
  to.on('connected', () => {
    seen.connects++;
  });
  to.on('synced', () => {
    seen.syncs++;
  });
}

const chat: Chat = {
  seen,
  async register(apiUrl, phoneNumber, name) {
    const api = new AccountApi(apiUrl);
    const code = await api.requestCode(phoneNumber);
    if (code === null) throw new Error('the server keeps its codes to itself');
    const device = { name: 'Browser', platform: 'web', keyBundle: Uint8Array.of(1, 2, 3), pushToken: null } as const;
    const tokens = await api.verify(phoneNumber, code, name, device);
    const stores = await openBrowserStores(database);
    await stores.tokens.save(tokens);
    stores.close();
    return tokens.userId;
  },
  async open(apiUrl, gatewayUrls) {
    const { cursors, outbox, tokens } = await openBrowserStores(database);
    const { userId, deviceId } = await tokens.load();
    client = new ParleyClient({
      ...browserEnvironment,
      urls: gatewayUrls,
      credentials: new RefreshingCredentials(userId, new AccountApi(apiUrl), tokens, browserEnvironment.clock),
      deviceId,
      cursors,
      outbox,
      settings: { backoff: { firstMs: 100, maxMs: 1_000 } },
    });
    listen(client);
    await client.start();
  },
  async send(peerId, text) {
    const { messageId, verdict } = await running().send({ peerId, encryptedBody: new TextEncoder().encode(text) });
    void verdict.then((said) => {
      seen.verdicts[messageId] = said.kind;
    });
    return messageId;
  },
  readAll() {
    return newest !== null && running().markRead(newest.conversationId, newest.seq, newest.messageId);
  },
  pending: () => running().pendingCount,
};

(globalThis as unknown as { chat: Chat }).chat = chat;
