/** The fields of groups in requests and answers, and how a group is shown. */
import type { Asker, Group } from '@parley/projections/directory/groups/group';
import {
  defaultMaxMembers,
  greatestMaxMembers,
  leastMaxMembers,
  maxAddedAtOnce,
  maxDescriptionChars,
  maxPictureUrlChars,
  maxTitleChars,
} from '@parley/projections/directory/groups/group';
import { inviteTokenChars } from '@parley/projections/directory/groups/invites';
import { maxRequestKeyChars } from '@parley/projections/directory/requests';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { principalOf } from '../authentication.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';

export const title = field.text(maxTitleChars).describe('name of the group');
export const description = z
  .string()
  .max(maxDescriptionChars)
  .regex(/^([^\p{Cc}\p{Cs}]|\n)*$/u, 'must not hold control characters but line feeds')
  .regex(/\S/, 'must not be blank')
  .nullable()
  .describe('what the group is for; null for nothing');
export const pictureUrl = z
  .string()
  .max(maxPictureUrlChars)
  .regex(/^https?:\/\/[\x21-\x7e]+$/, 'must be an http or https URL in ASCII')
  .nullable()
  .describe('where the picture of the group is; null for none');
const whoMay = z.enum(['everyone', 'admins']);
export const whoMaySend = whoMay.describe('who may send messages');
export const whoMayEdit = whoMay.describe('who may change title, description and picture');
export const role = z.enum(['member', 'admin']);
export const maxMembers = z.int().min(leastMaxMembers).max(greatestMaxMembers).describe('how many may be in the group');
export const memberIds = z
  .array(field.uuid)
  .max(greatestMaxMembers - 1)
  .describe('who is in besides the caller');
export const addedIds = z.array(field.uuid).min(1).max(maxAddedAtOnce).describe('who is to be in');
export const token = z
  .string()
  .regex(new RegExp(`^[A-Za-z0-9_-]{${inviteTokenChars}}$`), 'must be the token of an invite link')
  .describe('the token of an invite link');
export const oneGroup = z.object({ group_id: field.uuid });
export const oneMember = z.object({ group_id: field.uuid, user_id: field.uuid });

const requestKey = z
  .string()
  .max(maxRequestKeyChars)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII')
  .describe('made by the client for this request; one that comes again with the same key is not done again, for a day');
export const keyed = z.object({ 'idempotency-key': requestKey });
export const perhapsKeyed = z.object({ 'idempotency-key': requestKey.optional() });

export const newGroup = z.strictObject({
  title,
  description: description.default(null),
  picture_url: pictureUrl.default(null),
  who_may_send: whoMaySend.default('everyone'),
  who_may_edit: whoMayEdit.default('everyone'),
  max_members: maxMembers.default(defaultMaxMembers),
  member_ids: memberIds,
});

export const settingChanges = z.strictObject({
  title: title.optional(),
  description: description.optional(),
  picture_url: pictureUrl.optional(),
  who_may_send: whoMaySend.optional(),
  who_may_edit: whoMayEdit.optional(),
  max_members: maxMembers.optional(),
});

const version = z.int().describe('of the last change; it grows by one with each');

export const changed = z.object({
  group_id: field.uuid,
  version,
  settled: z.boolean().describe('false: the change is made, and on its way into the conversation'),
});

export const group = z.object({
  group_id: field.uuid,
  version,
  title: z.string(),
  description: z.string().nullable(),
  picture_url: z.string().nullable(),
  who_may_send: whoMaySend,
  who_may_edit: whoMayEdit,
  max_members: z.int(),
  created_by: field.uuid,
  created_at_ms: field.timeMs,
  members: z
    .array(z.object({ user_id: field.uuid, display_name: z.string(), role, joined_at_ms: field.timeMs }))
    .describe('those who have been in the longest come first'),
});

export const invite = z.object({ token, created_by: field.uuid, created_at_ms: field.timeMs });

export const errors = { '4xx': errorBody, '5xx': errorBody };
/** 202: the change is made; the log, and so the conversation, will have it. */
export const changeAnswers = { 200: changed, 202: changed, ...errors };
export const about = { tags: ['groups'], security: [{ bearer: [] }] };

export function askerOf(request: FastifyRequest & { headers: { 'idempotency-key'?: string | undefined } }): Asker {
  return { userId: principalOf(request).userId, requestKey: request.headers['idempotency-key'] ?? null };
}

export function shown(one: Group): z.infer<typeof group> {
  return {
    group_id: one.groupId,
    version: one.version,
    title: one.title,
    description: one.description,
    picture_url: one.pictureUrl,
    who_may_send: one.whoMaySend,
    who_may_edit: one.whoMayEdit,
    max_members: one.maxMembers,
    created_by: one.createdBy,
    created_at_ms: one.createdAtMs,
    members: one.members.map((member) => ({
      user_id: member.userId,
      display_name: member.displayName,
      role: member.role,
      joined_at_ms: member.joinedAtMs,
    })),
  };
}
