/** The keys by which devices are known, and the versions of their users' identities. All keys are opaque here. */
import type { DeviceIdentity } from '@parley/projections/directory/identities';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';
import { takeOrRefuse } from '../limits.ts';

const errors = { '4xx': errorBody, '5xx': errorBody };
const common = { tags: ['keys'], security: [{ bearer: [] }] };
const maxIdentities = 100;
const uuidChars = 36;

/** A device as others see it. */
export const identity = {
  device_id: field.uuid,
  key_bundle: z.base64(),
  identity_key: z.base64().nullable(),
  signed_prekey: z.base64().nullable(),
};

export function identityAnswer(device: DeviceIdentity) {
  return {
    device_id: device.deviceId,
    key_bundle: device.keyBundle.toString('base64'),
    identity_key: device.identityKey?.toString('base64') ?? null,
    signed_prekey: device.signedPrekey?.toString('base64') ?? null,
  };
}

export function identityRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { accounts, limits, identityNotices } = dependencies;

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'PUT',
      url: '/v1/devices/me/keys',
      schema: {
        operationId: 'replaceKeys',
        summary: 'Replaces the key bundle of the device that asks',
        ...common,
        body: z.strictObject({ key_bundle: field.keyBundle }),
        response: { 204: field.nothing, ...errors },
      },
      handler: async (request, reply) => {
        const { userId, deviceId } = principalOf(request);
        await takeOrRefuse(limits.identityChangesPerUser, userId);
        await accounts.devices.replaceKeys(deviceId, Buffer.from(request.body.key_bundle, 'base64'));
        identityNotices.changed(userId);
        return reply.code(204).send(null);
      },
    });

    app.route({
      method: 'PUT',
      url: '/v1/devices/me/identity',
      schema: {
        operationId: 'replaceIdentity',
        summary: 'Replaces the identity key and the signed prekey of the device that asks',
        description:
          'With another identity key the one-time keys that the device has handed in are dropped, as its former identity signed ' +
          'them, and those who write with the user are told. With the same one only the signed prekey is replaced.',
        ...common,
        body: z.strictObject({ identity_key: field.identityKey, signed_prekey: field.signedPrekey }),
        response: { 200: z.object({ identity_version: field.identityVersion }), ...errors },
      },
      handler: async (request) => {
        const { userId, deviceId } = principalOf(request);
        const { identity_key, signed_prekey } = request.body;
        await takeOrRefuse(limits.identityChangesPerUser, userId);
        const decoded = [identity_key, signed_prekey].map((one) => Buffer.from(one, 'base64')) as [Buffer, Buffer];
        await accounts.identities.replace(deviceId, ...decoded);
        identityNotices.changed(userId);
        return { identity_version: (await accounts.identities.of(userId)).identityVersion };
      },
    });

    app.route({
      method: 'GET',
      url: '/v1/users/:user_id/devices',
      schema: {
        operationId: 'listKeys',
        summary: 'The devices of any user with their public keys',
        ...common,
        params: z.object({ user_id: field.uuid }),
        response: {
          200: z.object({ identity_version: field.identityVersion, devices: z.array(z.object(identity)) }),
          ...errors,
        },
      },
      handler: async (request) => {
        const { identityVersion, devices } = await accounts.identities.of(request.params.user_id);
        return { identity_version: identityVersion, devices: devices.map(identityAnswer) };
      },
    });

    app.route({
      method: 'GET',
      url: '/v1/users/identities',
      schema: {
        operationId: 'listIdentityVersions',
        summary: 'Which versions the identities of users have now',
        description: 'For a device that was away: whose keys to ask for again. Users that do not exist are left out.',
        ...common,
        querystring: z.object({
          ids: z
            .string()
            .max(maxIdentities * (uuidChars + 1))
            .meta({ description: `up to ${maxIdentities} user ids, separated by commas` }),
        }),
        response: {
          200: z.object({
            identities: z.array(z.object({ user_id: field.uuid, identity_version: field.identityVersion })),
          }),
          ...errors,
        },
      },
      handler: async (request) => {
        const ids = request.query.ids.split(',');
        if (ids.length > maxIdentities || !ids.every((id) => field.uuid.safeParse(id).success)) {
          throw new ParleyError('invalid_request', { detail: `querystring/ids: must be 1 to ${maxIdentities} UUIDs` });
        }
        const versions = await accounts.identities.versionsOf(ids);
        return {
          identities: versions.map((one) => ({ user_id: one.userId, identity_version: one.identityVersion })),
        };
      },
    });
  };
}
