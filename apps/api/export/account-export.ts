/**
 * Everything that Parley keeps of a user, as one JSON object in pieces, so that no more than a page of it is ever in memory.
 *
 * Keys, tokens and hashes are left out: they open things and tell nobody anything. Bodies of messages are given as the server has
 * them, encrypted. How many messages are read is bounded, conversation by conversation from the newest; if the bound was met
 * `messages_complete` says so. What the user deleted, and what has expired, is not there.
 */
import type { Accounts } from '@parley/projections/directory/accounts';
import type { InboxEntry } from '@parley/projections/inbox/store';
import type { Projections } from '@parley/projections/projections';
import type { MessageRow } from '@parley/streams/conversation/rows';

export interface ExportSources {
  readonly accounts: Pick<Accounts, 'profiles' | 'privacy' | 'devices' | 'contacts'>;
  readonly projections: Pick<Projections, 'inbox' | 'history'>;
}

export interface ExportBounds {
  /** Messages that are looked at, by whomever they are. */
  readonly maxRowsRead: number;
  readonly pageRows: number;
}

export const defaultExportBounds: ExportBounds = { maxRowsRead: 100_000, pageRows: 200 };

const contactsPerPage = 200;
const conversationsPerPage = 200;

/** Values to be joined by commas. */
type Values = AsyncGenerator<object>;

export async function* exportAccount(
  userId: string,
  sources: ExportSources,
  nowMs: number,
  bounds = defaultExportBounds,
): AsyncGenerator<string> {
  const { profiles, privacy, devices } = sources.accounts;
  const profile = await profiles.own(userId);
  const [settings] = await privacy.settingsOf([userId]);
  yield `{"exported_at_ms":${nowMs},"profile":${JSON.stringify(profileFields(profile))}`;
  yield `,"privacy":${JSON.stringify({ last_seen: settings!.lastSeen, read_receipts: settings!.readReceipts })}`;
  yield ',"devices":[';
  const list = await devices.list(userId);
  yield list
    .map(({ deviceId, name, platform, createdAtMs }) =>
      JSON.stringify({ device_id: deviceId, name, platform, created_at_ms: createdAtMs }),
    )
    .join(',');
  yield '],"contacts":[';
  yield* joined(contactsOf(userId, sources));
  yield '],"conversations":[';
  const conversationIds: string[] = [];
  yield* joined(conversationsOf(userId, sources, conversationIds));
  yield '],"messages":[';
  const left = { rows: bounds.maxRowsRead };
  yield* joined(messagesOf(userId, sources, conversationIds, left, bounds.pageRows));
  yield `],"messages_complete":${left.rows > 0}}`;
}

async function* joined(values: Values): AsyncGenerator<string> {
  let isFirst = true;
  for await (const value of values) {
    yield (isFirst ? '' : ',') + JSON.stringify(value);
    isFirst = false;
  }
}

function profileFields(profile: Awaited<ReturnType<Accounts['profiles']['own']>>): object {
  return {
    user_id: profile.userId,
    phone_number: profile.phoneNumber,
    display_name: profile.displayName,
    about: profile.about,
    picture_url: profile.pictureUrl,
    updated_at_ms: profile.updatedAtMs,
  };
}

async function* contactsOf(userId: string, { accounts }: ExportSources): Values {
  let after: Awaited<ReturnType<Accounts['contacts']['list']>>['next'] = null;
  do {
    const page: Awaited<ReturnType<Accounts['contacts']['list']>> = await accounts.contacts.list(userId, {
      search: '',
      after,
      limit: contactsPerPage,
    });
    for (const one of page.contacts) yield { user_id: one.userId, label: one.label, updated_at_ms: one.updatedAtMs };
    after = page.next;
  } while (after !== null);
}

async function* conversationsOf(userId: string, { projections }: ExportSources, ids: string[]): Values {
  let after: string | null = null;
  for (;;) {
    const page: readonly InboxEntry[] = await projections.inbox.list(userId, { after, limit: conversationsPerPage });
    for (const entry of page) {
      ids.push(entry.conversationId);
      yield {
        conversation_id: entry.conversationId,
        conversation_type: entry.conversationType,
        other_user_id: entry.otherUserId,
        last_message_preview: entry.lastMessagePreview,
        last_message_at_ms: entry.lastMessageAtMs,
        last_seq: entry.lastSeq,
        read_seq: entry.readSeq,
        left_seq: entry.leftSeq,
        cleared_seq: entry.clearedSeq,
        settings: Object.fromEntries(Object.entries(entry.flags).map(([kind, flag]) => [kind, flag.value])),
      };
    }
    if (page.length < conversationsPerPage) return;
    after = page.at(-1)!.conversationId;
  }
}

/** The user's own; `left.rows` is 0 if there was more to read. */
async function* messagesOf(
  userId: string,
  { projections }: ExportSources,
  conversationIds: readonly string[],
  left: { rows: number },
  pageRows: number,
): Values {
  for (const conversationId of conversationIds) {
    let beforeSeq = 0;
    let beforeAtMs = 0;
    for (let more = true; more; ) {
      if (left.rows <= 0) return;
      const limit = Math.min(pageRows, left.rows);
      const page = await projections.history.before(userId, { conversationId, beforeSeq, beforeAtMs, limit });
      left.rows -= page.rows.length;
      for (const row of page.rows.toReversed())
        if (row.senderId === userId && row.messageType !== 'system') yield fields(row);
      more = page.more;
      beforeSeq = page.coveredFrom;
      beforeAtMs = page.rows[0]?.atMs ?? beforeAtMs;
    }
  }
}

function fields(row: MessageRow): object {
  return {
    conversation_id: row.conversationId,
    message_id: row.messageId,
    seq: row.seq,
    at_ms: row.atMs,
    device_id: row.senderDeviceId,
    message_type: row.messageType,
    encrypted_body: row.encryptedBody.toString('base64'),
    preview: row.preview,
    media_url: row.mediaUrl,
    thumbnail_url: row.thumbnailUrl,
    reply_to: row.replyTo,
    target_id: row.targetId,
  };
}
