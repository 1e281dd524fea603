/** The caller's devices. */
import type { Device } from '@parley/projections/directory/directory';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';

const errors = { '4xx': errorBody, '5xx': errorBody };
const security = [{ bearer: [] }];
const oneDevice = z.object({ device_id: field.uuid });

function answerFor(device: Device, currentId: string): z.infer<typeof field.device> {
  return {
    device_id: device.deviceId,
    name: device.name,
    platform: device.platform,
    created_at_ms: device.createdAtMs,
    current: device.deviceId === currentId,
  };
}

export function deviceRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { accounts } = dependencies;
  const { devices } = accounts;

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'GET',
      url: '/v1/devices',
      schema: {
        operationId: 'listDevices',
        summary: "Lists the caller's devices",
        tags: ['devices'],
        security,
        response: { 200: z.object({ devices: z.array(field.device) }), ...errors },
      },
      handler: async (request) => {
        const { userId, deviceId } = principalOf(request);
        const list = await devices.list(userId);
        return { devices: list.map((device) => answerFor(device, deviceId)) };
      },
    });

    app.route({
      method: 'GET',
      url: '/v1/devices/:device_id',
      schema: {
        operationId: 'getDevice',
        summary: "One of the caller's devices",
        tags: ['devices'],
        security,
        params: oneDevice,
        response: { 200: field.device, ...errors },
      },
      handler: async (request) => {
        const { userId, deviceId } = principalOf(request);
        const device = (await devices.list(userId)).find((one) => one.deviceId === request.params.device_id);
        if (device === undefined) throw new ParleyError('not_found');
        return answerFor(device, deviceId);
      },
    });

    app.route({
      method: 'PATCH',
      url: '/v1/devices/:device_id',
      schema: {
        operationId: 'renameDevice',
        summary: "Renames one of the caller's devices",
        tags: ['devices'],
        security,
        params: oneDevice,
        body: z.strictObject({ name: field.deviceName }),
        response: { 200: field.device, ...errors },
      },
      handler: async (request) => {
        const { userId, deviceId } = principalOf(request);
        const device = await devices.rename(userId, request.params.device_id, request.body.name);
        if (device === null) throw new ParleyError('not_found');
        return answerFor(device, deviceId);
      },
    });

    app.route({
      method: 'DELETE',
      url: '/v1/devices/:device_id',
      schema: {
        operationId: 'revokeDevice',
        summary: "Revokes one of the caller's devices, also the one that asks",
        description: 'Its tokens are worth nothing from now on. Revoking it again changes nothing.',
        tags: ['devices'],
        security,
        params: oneDevice,
        response: { 204: field.nothing, ...errors },
      },
      handler: async (request, reply) => {
        await accounts.revokeDevice(principalOf(request).userId, request.params.device_id);
        return reply.code(204).send(null);
      },
    });

    app.route({
      method: 'PUT',
      url: '/v1/devices/me/push-token',
      schema: {
        operationId: 'replacePushToken',
        summary: 'Replaces the push token of the device that asks, or takes it away',
        tags: ['devices'],
        security,
        body: z.strictObject({ push_token: field.pushToken }),
        response: { 204: field.nothing, ...errors },
      },
      handler: async (request, reply) => {
        await devices.replacePushToken(principalOf(request).deviceId, request.body.push_token);
        return reply.code(204).send(null);
      },
    });
  };
}
