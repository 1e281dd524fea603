/** From a phone number to a device with tokens, and to the next tokens. No caller is authenticated yet: all is limited by network. */
import type { DeviceTokens } from '@parley/projections/directory/accounts';
import type { NewDevice } from '@parley/projections/directory/directory';
import { normalizePhoneNumber } from '@parley/projections/directory/phone-number';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { limitNetwork } from '../authentication.ts';
import type { ApiDependencies, ApiSettings } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';
import { takeOrRefuse } from '../limits.ts';

function tokenAnswer({ userId, deviceId, tokens }: DeviceTokens): z.infer<typeof field.tokens> {
  return {
    user_id: userId,
    device_id: deviceId,
    access_token: tokens.accessToken,
    access_expires_at_ms: tokens.accessExpiresAtMs,
    refresh_token: tokens.refreshToken,
    refresh_expires_at_ms: tokens.refreshExpiresAtMs,
  };
}

function deviceOf(device: z.infer<typeof field.newDevice>): NewDevice {
  return {
    name: device.name,
    platform: device.platform,
    keyBundle: Buffer.from(device.key_bundle, 'base64'),
    pushToken: device.push_token,
  };
}

export function registrationRoutes(dependencies: ApiDependencies, settings: ApiSettings): FastifyPluginAsyncZod {
  const { accounts, limits, sender } = dependencies;

  return async (app) => {
    app.route({
      method: 'POST',
      url: '/v1/registrations',
      onRequest: limitNetwork(limits.codesPerNetwork),
      schema: {
        operationId: 'startRegistration',
        summary: 'Sends a one-time code to a phone number',
        tags: ['registration'],
        body: z.strictObject({ phone_number: field.phoneNumber }),
        response: { 202: field.codeSent, '4xx': errorBody, '5xx': errorBody },
      },
      handler: async (request, reply) => {
        const phoneNumber = normalizePhoneNumber(request.body.phone_number);
        await takeOrRefuse(limits.codesPerNumber, phoneNumber);
        const { code, expiresAtMs } = await accounts.startRegistration(phoneNumber);
        try {
          await sender.send(phoneNumber, code, expiresAtMs);
        } catch (error) {
          await accounts.codes.withdraw(phoneNumber, code, 'registration');
          throw error;
        }
        reply.code(202);
        return { expires_at_ms: expiresAtMs, ...(settings.echoCodes ? { dev_code: code } : {}) };
      },
    });

    app.route({
      method: 'POST',
      url: '/v1/registrations/verify',
      onRequest: limitNetwork(limits.verificationsPerNetwork),
      schema: {
        operationId: 'completeRegistration',
        summary: 'Registers a device to the user of a phone number, who is made if there is none',
        tags: ['registration'],
        body: z.strictObject({
          phone_number: field.phoneNumber,
          code: field.code,
          display_name: field.displayName.describe('of a new user; a known user keeps the name'),
          device: field.newDevice,
        }),
        response: { 201: field.tokens, '4xx': errorBody, '5xx': errorBody },
      },
      handler: async (request, reply) => {
        const { phone_number, code, display_name, device } = request.body;
        const registered = await accounts.completeRegistration({
          phoneNumber: normalizePhoneNumber(phone_number),
          code,
          displayName: display_name,
          device: deviceOf(device),
        });
        reply.code(201);
        return tokenAnswer(registered);
      },
    });

    app.route({
      method: 'POST',
      url: '/v1/registrations/link',
      onRequest: limitNetwork(limits.linksPerNetwork),
      schema: {
        operationId: 'completeLink',
        summary: 'Registers a device by the code that another device of the user shows',
        description: 'Five attempts, within the two minutes that the code is good for.',
        tags: ['registration'],
        body: z.strictObject({ code: field.linkCode, device: field.newDevice }),
        response: { 201: field.tokens, '4xx': errorBody, '5xx': errorBody },
      },
      handler: async (request, reply) => {
        const { code, device } = request.body;
        const linked = await accounts.completeLink(code, deviceOf(device));
        reply.code(201);
        return tokenAnswer(linked);
      },
    });

    app.route({
      method: 'POST',
      url: '/v1/tokens/refresh',
      onRequest: limitNetwork(limits.refreshesPerNetwork),
      schema: {
        operationId: 'refreshTokens',
        summary: 'Exchanges a refresh token, which is good for one use, for new tokens',
        tags: ['registration'],
        body: z.strictObject({ refresh_token: z.string().max(1_024) }),
        response: { 200: field.tokens, '4xx': errorBody, '5xx': errorBody },
      },
      handler: async (request) => tokenAnswer(await accounts.refresh(request.body.refresh_token)),
    });
  };
}
