/**
 * Public keys: what a device hands in, and what others need to write to it. All keys are opaque here.
 *
 * Nobody can drain somebody's one-time keys: an asker may claim a few times an hour from one user, and once all askers together
 * have claimed much of a user, they get the keys of last resort.
 */
import {
  type Claim,
  type KeyKind,
  type KeySupply,
  keyKinds,
  lowWaterKeys,
  maxKeyId,
  maxOneTimeKeys,
} from '@parley/projections/directory/keys';
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';
import { takeOrRefuse } from '../limits.ts';
import { identity, identityAnswer } from './identities.ts';

const errors = { '4xx': errorBody, '5xx': errorBody };
const common = { tags: ['keys'], security: [{ bearer: [] }] };
const maxClaimedDevices = 10;

const kind = z.enum(keyKinds).describe('prekey: for a session between two devices; key_package: for an MLS group');
const keyId = z.int().min(0).max(maxKeyId);
const oneKey = z.strictObject({ key_id: keyId, key: field.oneTimeKey });

const supply = z.object({
  kind,
  held: z.int().describe('one-time keys that are left'),
  low: z.boolean().describe(`true below ${lowWaterKeys}: hand in more`),
  has_last_resort: z.boolean(),
  next_key_id: z.int().describe('keys with lower ids were handed in before and are passed over'),
});

function supplyAnswer(one: KeySupply): z.infer<typeof supply> {
  return {
    kind: one.kind,
    held: one.held,
    low: one.held < lowWaterKeys,
    has_last_resort: one.hasLastResort,
    next_key_id: one.nextKeyId,
  };
}

const claimed = z.object({
  identity_version: field.identityVersion,
  devices: z.array(
    z.object({
      ...identity,
      key: z
        .object({ key_id: keyId, key: z.base64(), last_resort: z.boolean().describe('others have it too') })
        .nullable()
        .describe('null: the device has none'),
    }),
  ),
});

function claimAnswer({ identityVersion, devices }: Claim): z.infer<typeof claimed> {
  return {
    identity_version: identityVersion,
    devices: devices.map((device) => ({
      ...identityAnswer(device),
      key:
        device.key === null
          ? null
          : {
              key_id: device.key.keyId,
              key: device.key.key.toString('base64'),
              last_resort: device.key.isLastResort,
            },
    })),
  };
}

/** Not more often than the limit, because each claim below the low water would tell it again. */
async function noticeLow(dependencies: ApiDependencies, userId: string, kind: KeyKind, claim: Claim): Promise<void> {
  for (const { deviceId, held } of claim.devices) {
    if (held >= lowWaterKeys) continue;
    if ((await dependencies.limits.keyNoticesPerDevice.take(`${deviceId}:${kind}`)) > 0) continue;
    const frame = encodeFrame('keys_low', { kind, held });
    void dependencies.notices.send([{ frame, userIds: [userId], onlyDeviceId: deviceId }]);
  }
}

async function claimFor(
  dependencies: ApiDependencies,
  asker: string,
  userId: string,
  kind: KeyKind,
  deviceIds: readonly string[] | null,
): Promise<Claim> {
  const { accounts, limits } = dependencies;
  await takeOrRefuse(limits.keyClaimsPerAsker, asker);
  await takeOrRefuse(limits.keyClaimsPerPair, `${asker}:${userId}`);
  const retryAfterMs = await limits.keyClaimsPerTarget.take(userId);
  const lastResortOnly = retryAfterMs > 0;
  const claim = await accounts.keys.claim({ userId, kind, deviceIds, lastResortOnly });
  if (lastResortOnly && claim.devices.some(({ key }) => key === null)) {
    throw new ParleyError('rate_limited', { retryAfterMs, detail: 'of the user whose keys they are' });
  }
  await noticeLow(dependencies, userId, kind, claim);
  return claim;
}

export function keyRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { accounts } = dependencies;

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'GET',
      url: '/v1/devices/me/keys',
      schema: {
        operationId: 'getKeySupplies',
        summary: 'How many keys of the device that asks are left',
        ...common,
        response: { 200: z.object({ supplies: z.array(supply) }), ...errors },
      },
      handler: async (request) => {
        const supplies = await accounts.keys.supplies(principalOf(request).deviceId);
        return { supplies: supplies.map(supplyAnswer) };
      },
    });

    app.route({
      method: 'POST',
      url: '/v1/devices/me/one-time-keys',
      schema: {
        operationId: 'uploadOneTimeKeys',
        summary: 'Hands in one-time keys of the device that asks, and replaces its key of last resort',
        description:
          'The device numbers its keys upwards. Ids below next_key_id are passed over, so the same request may be sent again.',
        ...common,
        body: z.strictObject({
          kind,
          keys: z
            .array(oneKey)
            .max(maxOneTimeKeys)
            .refine((keys) => keys.every((key, index) => index === 0 || key.key_id > keys[index - 1]!.key_id), {
              message: 'must be in ascending order of key_id',
            }),
          last_resort: oneKey.nullable().default(null).describe('given, any number of times, when no other is left'),
        }),
        response: { 200: supply, ...errors },
      },
      handler: async (request) => {
        const { kind, keys, last_resort } = request.body;
        const decode = (one: z.infer<typeof oneKey>) => ({ keyId: one.key_id, key: Buffer.from(one.key, 'base64') });
        const { deviceId } = principalOf(request);
        const lastResort = last_resort === null ? null : decode(last_resort);
        return supplyAnswer(await accounts.keys.upload(deviceId, kind, keys.map(decode), lastResort));
      },
    });

    app.route({
      method: 'POST',
      url: '/v1/users/:user_id/keys/claim',
      schema: {
        operationId: 'claimKeys',
        summary: "One key of each of the user's devices, which nobody else is given",
        description: 'A key of last resort, which others have too, where a device has no other left.',
        ...common,
        params: z.object({ user_id: field.uuid }),
        body: z.strictObject({
          kind,
          device_ids: z
            .array(field.uuid)
            .min(1)
            .max(maxClaimedDevices)
            .nullable()
            .default(null)
            .describe('of these devices alone; null: of all'),
        }),
        response: { 200: claimed, ...errors },
      },
      handler: async (request) => {
        const { kind, device_ids } = request.body;
        const asker = principalOf(request).userId;
        return claimAnswer(await claimFor(dependencies, asker, request.params.user_id, kind, device_ids));
      },
    });
  };
}
