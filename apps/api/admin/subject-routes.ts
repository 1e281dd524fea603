/** Users, devices and conversations, as an operator sees them, and the trail of what operators did. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { decodeSnapshot } from '@parley/streams/conversation/snapshot';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';
import type { AdminDependencies } from './dependencies.ts';

const about = { security: [{ bearer: [] }] };
const errors = { '4xx': errorBody, '5xx': errorBody };
const oneUser = z.object({ user_id: field.uuid });
const moment = field.timeMs.nullable();
const user = z.object({
  user_id: field.uuid,
  created_at_ms: field.timeMs,
  deleted_at_ms: moment,
  banned_at_ms: moment,
  devices: z.array(
    z.object({ device_id: field.uuid, platform: z.string(), created_at_ms: field.timeMs, revoked_at_ms: moment }),
  ),
});
const conversation = z.object({
  conversation_id: field.uuid,
  type: z.string(),
  last_seq: z.int(),
  directory_version: z.int(),
  timer_seconds: z.int(),
  last_at_ms: field.timeMs,
  members: z.array(z.object({ user_id: field.uuid, role: z.string(), joined_seq: z.int() })),
});
const entry = z.object({
  audit_id: field.uuid,
  operator: z.string(),
  action: z.string(),
  target: z.string().nullable(),
  at_ms: field.timeMs,
});
const maxEntries = 200;

export function adminSubjectRoutes({ desk, accounts, states }: AdminDependencies): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/admin/v1/users/:user_id',
      schema: {
        operationId: 'adminGetUser',
        summary: 'When a user came, and their devices',
        ...about,
        params: oneUser,
        response: { 200: user, ...errors },
      },
      handler: async (request) => {
        const found = await desk.user(request.params.user_id);
        return {
          user_id: found.userId,
          created_at_ms: found.createdAtMs,
          deleted_at_ms: found.deletedAtMs,
          banned_at_ms: found.bannedAtMs,
          devices: found.devices.map((one) => ({
            device_id: one.deviceId,
            platform: one.platform,
            created_at_ms: one.createdAtMs,
            revoked_at_ms: one.revokedAtMs,
          })),
        };
      },
    });

    app.route({
      method: 'DELETE',
      url: '/admin/v1/users/:user_id/devices/:device_id',
      schema: {
        operationId: 'adminRevokeDevice',
        summary: 'Revokes a device within a second',
        ...about,
        params: z.object({ user_id: field.uuid, device_id: field.uuid }),
        response: { 204: field.nothing, ...errors },
      },
      handler: async (request, reply) => {
        await accounts.revokeDevice(request.params.user_id, request.params.device_id);
        reply.code(204);
        return null;
      },
    });

    app.route({
      method: 'PUT',
      url: '/admin/v1/users/:user_id/ban',
      schema: {
        operationId: 'adminBan',
        summary: 'Revokes all devices of a user, who can register none until the ban is lifted',
        ...about,
        params: oneUser,
        response: { 204: field.nothing, ...errors },
      },
      handler: async (request, reply) => {
        await accounts.ban(request.params.user_id);
        reply.code(204);
        return null;
      },
    });

    app.route({
      method: 'DELETE',
      url: '/admin/v1/users/:user_id/ban',
      schema: {
        operationId: 'adminUnban',
        summary: 'Lets a user register devices again',
        ...about,
        params: oneUser,
        response: { 204: field.nothing, ...errors },
      },
      handler: async (request, reply) => {
        await accounts.unban(request.params.user_id);
        reply.code(204);
        return null;
      },
    });

    app.route({
      method: 'GET',
      url: '/admin/v1/conversations/:conversation_id',
      schema: {
        operationId: 'adminGetConversation',
        summary: 'Who is in a conversation, and how far it has come',
        ...about,
        params: z.object({ conversation_id: field.uuid }),
        response: { 200: conversation, ...errors },
      },
      handler: async (request) => {
        const { conversation_id } = request.params;
        const [saved] = await (await states()).load([conversation_id]);
        if (saved === null || saved === undefined) throw new ParleyError('not_found');
        const state = decodeSnapshot(saved.snapshot);
        // Saved by another build: it is read again once the conversation goes on.
        if (state === null) throw new ParleyError('unavailable', { detail: 'the conversation’s state' });
        const members = [...state.members].map(([user_id, { role, joinedSeq }]) => ({
          user_id,
          role,
          joined_seq: joinedSeq,
        }));
        return {
          conversation_id,
          type: state.conversationType,
          last_seq: state.lastSeq,
          directory_version: state.directoryVersion,
          timer_seconds: state.timerSeconds,
          last_at_ms: state.lastAtMs,
          members,
        };
      },
    });

    app.route({
      method: 'GET',
      url: '/admin/v1/audit',
      schema: {
        operationId: 'adminListAudit',
        summary: 'Calls of operators, the newest first',
        description: 'Written before they were carried out: an entry does not say that the call succeeded.',
        ...about,
        querystring: z.strictObject({
          before: field.uuid.optional().describe('an entry: those before it'),
          limit: z.coerce.number().int().min(1).max(maxEntries).default(maxEntries),
        }),
        response: { 200: z.object({ entries: z.array(entry), next: z.string().nullable() }), ...errors },
      },
      handler: async (request) => {
        const { before, limit } = request.query;
        const found = await desk.trail(before ?? null, limit);
        const entries = found.slice(0, limit).map(({ auditId, operator, action, target, atMs }) => ({
          ...{ audit_id: auditId, operator, action, target, at_ms: atMs },
        }));
        return { entries, next: found.length > limit ? entries.at(-1)!.audit_id : null };
      },
    });

    app.route({
      method: 'GET',
      url: '/admin/openapi.json',
      schema: { hide: true, operationId: 'adminOpenApi' },
      handler: () => app.swagger(),
    });
  };
}
