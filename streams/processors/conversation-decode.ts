/**
 * Step 0: records of chat.messages as events, poison apart.
 *
 * Beyond what the codec refuses, a record is poison if its event is none of a conversation, if its key is not the conversation
 * (another partition would decide the same conversation), or if what the schema calls a UUID is none: all of it is decided from
 * the record's bytes alone (design rule 7).
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { ConversationEvent, ReceivedEvent } from '../conversation/outcome.ts';
import { rulesOf } from '../conversation/rules.ts';
import type { LogRecord } from '../log/log.ts';
import type { PoisonSink } from './decode-batch.ts';

export interface DecodedRecord {
  readonly offset: number;
  readonly conversationId: string;
  readonly received: ReceivedEvent;
}

const hyphen = 45;
const uuidLength = 36;

/** 8-4-4-4-12 digits of lower-case hexadecimal, whatever the version: other spellings would be other keys. */
function isUuidText(text: string): boolean {
  if (text.length !== uuidLength) return false;
  for (let at = 0; at < uuidLength; at++) {
    const code = text.charCodeAt(at);
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (code !== hyphen) return false;
    } else if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) {
      return false;
    }
  }
  return true;
}

function requireUuid(field: string, value: string | null): void {
  if (value !== null && !isUuidText(value)) {
    throw new ParleyError('poison_payload', { detail: `${field} is no UUID in lower case` });
  }
}

/** Who did it goes into a row where the event becomes a message; before version 2 of the rules it was only written down. */
function requireActor(field: string, value: string, { rules_version }: { readonly rules_version: number }): void {
  if (rulesOf(rules_version)?.directoryTakesSeq === true) requireUuid(field, value);
}

/** What goes on into rows and frames. */
function requireUuids(one: ConversationEvent): void {
  requireUuid('conversation_id', one.event.conversation_id);
  switch (one.name) {
    case 'message_sent':
      requireUuid('sender_id', one.event.sender_id);
      requireUuid('sender_device_id', one.event.sender_device_id);
      requireUuid('peer_id', one.event.peer_id);
      requireUuid('recipient_id', one.event.mls?.recipient_id ?? null);
      return;
    case 'conversation_created':
      for (const { user_id } of one.event.members) requireUuid('user_id', user_id);
      requireActor('created_by', one.event.created_by, one.event);
      return;
    case 'conversation_changed':
      requireActor('changed_by', one.event.changed_by, one.event);
      return;
    case 'mls_generation_opened':
      requireActor('opened_by', one.event.opened_by, one.event);
      return;
    case 'conversation_timer_changed':
      requireUuid('changed_by', one.event.changed_by);
      requireUuid('peer_id', one.event.peer_id);
      return;
    case 'block_changed':
      requireUuid('blocker_id', one.event.blocker_id);
      requireUuid('blocked_id', one.event.blocked_id);
      return;
    case 'member_added':
      requireUuid('user_id', one.event.user_id);
      requireActor('added_by', one.event.added_by, one.event);
      return;
    case 'member_removed':
      requireUuid('user_id', one.event.user_id);
      requireActor('removed_by', one.event.removed_by, one.event);
      return;
    case 'member_role_changed':
      requireUuid('user_id', one.event.user_id);
      requireActor('changed_by', one.event.changed_by, one.event);
  }
}

function eventOf(record: LogRecord, codec: EventCodec): ConversationEvent {
  const decoded = codec.decode(record.value);
  switch (decoded.name) {
    case 'message_sent':
    case 'conversation_created':
    case 'member_added':
    case 'member_removed':
    case 'member_role_changed':
    case 'conversation_changed':
    case 'conversation_timer_changed':
    case 'block_changed':
    case 'mls_generation_opened':
      return decoded;
    default:
      throw new ParleyError('poison_schema', { detail: `${decoded.name} in ${record.topic}` });
  }
}

/** @throws ParleyError whose code begins with `poison_`: nobody can ever process the record */
function decodeRecord(record: LogRecord, codec: EventCodec): DecodedRecord {
  const one = eventOf(record, codec);
  requireUuids(one);
  const conversationId = one.event.conversation_id;
  if (record.key?.toString('latin1') !== conversationId) {
    throw new ParleyError('poison_key', { detail: `of a ${one.name}` });
  }
  return { offset: record.offset, conversationId, received: { ...one, receivedAtMs: record.timestampMs } };
}

function isPoison(error: unknown): error is ParleyError {
  return error instanceof ParleyError && error.code.startsWith('poison_');
}

/**
 * In order of offset. Resolves once all poison is buried.
 * @throws whatever is not poison (a registry that does not answer, a schema of a later version): the batch is to come again
 */
export async function decodeConversationRecords(
  records: readonly LogRecord[],
  codec: EventCodec,
  poison: PoisonSink,
): Promise<DecodedRecord[]> {
  const decoded: DecodedRecord[] = [];
  for (const record of records) {
    if (codec.needsLookup(record.value)) await codec.prepare(record.value);
    try {
      decoded.push(decodeRecord(record, codec));
    } catch (error) {
      if (!isPoison(error)) throw error;
      await poison.bury(record, error);
    }
  }
  return decoded;
}
