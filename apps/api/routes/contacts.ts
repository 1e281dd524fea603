/**
 * The caller's address book, and which of its phone numbers are users.
 *
 * Discovery says who is registered, so it is what somebody would use to read out the directory. Its budget is counted in numbers, not
 * in calls: one address book of the greatest size a day. Numbers that are none count as well.
 */
import {
  type ContactPosition,
  maxContactsPerPage,
  maxContactsPerWrite,
  maxLabelChars,
  maxNumbersPerDiscovery,
} from '@parley/projections/directory/contacts';
import { addressBookNumbers } from '@parley/projections/directory/phone-number';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';
import { takeOrRefuse } from '../limits.ts';

const maxCursorChars = 1_200;
/** To read a thousand numbers takes a tenth of a second: others get their turn in between. */
const numbersPerStep = 100;

const discovered = z.object({
  phone_number: z.string().describe('as it was asked'),
  e164: z.string().describe('in full'),
  user_id: field.uuid,
});
type DiscoveredUser = z.infer<typeof discovered>;

const contact = z.object({ user_id: field.uuid, label: z.string(), updated_at_ms: field.timeMs });
const page = z.object({
  contacts: z.array(contact),
  next: z.string().nullable().describe('what to ask for as `after`; null on the last page'),
});

const cursorOf = ({ userId, searchKey }: ContactPosition): string =>
  Buffer.from(userId + searchKey, 'utf8').toString('base64url');

/** @throws ParleyError `invalid_request` */
function positionOf(cursor: string): ContactPosition {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const position = { userId: text.slice(0, 36), searchKey: text.slice(36) };
  if (!isUuid(position.userId) || position.searchKey.includes('\0')) {
    throw new ParleyError('invalid_request', { detail: 'after: must be what a page gave as next' });
  }
  return position;
}

export function contactRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { accounts, limits } = dependencies;
  const { contacts } = accounts;
  const common = { tags: ['contacts'], security: [{ bearer: [] }] };
  const errors = { '4xx': errorBody, '5xx': errorBody };
  const find = async (asked: readonly string[], ownNumber: string): Promise<DiscoveredUser[]> => {
    const numbers = addressBookNumbers(asked, ownNumber);
    const known = await contacts.discover([...new Set(numbers.filter((number) => number !== null))]);
    return numbers.flatMap((e164, index) => {
      const user_id = e164 === null ? undefined : known.get(e164);
      return e164 === null || user_id === undefined ? [] : [{ phone_number: asked[index]!, e164, user_id }];
    });
  };
  const oneContact = z.object({ user_id: field.uuid });

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'POST',
      url: '/v1/contact-discovery',
      schema: {
        operationId: 'discoverContacts',
        summary: 'Says which phone numbers of an address book are users',
        description:
          "Numbers without a country code are of the country of the caller's own. Every number counts against the day's budget, whether somebody has it or not; beyond it the answer says when to ask again.",
        body: z.strictObject({
          phone_numbers: z.array(z.string().max(40)).min(1).max(maxNumbersPerDiscovery),
        }),
        response: {
          200: z.object({
            users: z.array(discovered),
          }),
          ...errors,
        },
        ...common,
      },
      handler: async (request) => {
        const { userId } = principalOf(request);
        const asked = [...new Set(request.body.phone_numbers)];
        await takeOrRefuse(limits.numbersPerUser, userId, asked.length);
        const { phoneNumber } = await accounts.profiles.own(userId);
        const users: DiscoveredUser[] = [];
        for (let i = 0; i < asked.length; i += numbersPerStep) {
          users.push(...(await find(asked.slice(i, i + numbersPerStep), phoneNumber)));
        }
        return { users };
      },
    });

    app.route({
      method: 'GET',
      url: '/v1/contacts',
      schema: {
        operationId: 'listContacts',
        summary: "The caller's contacts in the order of their labels, or those whose label has something in it",
        querystring: z.strictObject({
          search: z.string().max(maxLabelChars).default('').describe('case and accents do not matter'),
          after: z.string().max(maxCursorChars).optional().describe('`next` of the page before'),
          limit: z.coerce.number().int().min(1).max(maxContactsPerPage).default(maxContactsPerPage),
        }),
        response: { 200: page, ...errors },
        ...common,
      },
      handler: async (request) => {
        const { search, after, limit } = request.query;
        const query = { search, limit, after: after === undefined ? null : positionOf(after) };
        const found = await contacts.list(principalOf(request).userId, query);
        return {
          contacts: found.contacts.map((one) => ({
            user_id: one.userId,
            label: one.label,
            updated_at_ms: one.updatedAtMs,
          })),
          next: found.next === null ? null : cursorOf(found.next),
        };
      },
    });

    app.route({
      method: 'PUT',
      url: '/v1/contacts',
      schema: {
        operationId: 'putContacts',
        summary: 'Adds several contacts, or changes their labels: all or none',
        body: z.strictObject({
          contacts: z
            .array(z.strictObject({ user_id: field.uuid, label: field.contactLabel }))
            .min(1)
            .max(maxContactsPerWrite),
        }),
        response: { 204: field.nothing, ...errors },
        ...common,
      },
      handler: async (request, reply) => {
        const list = request.body.contacts.map(({ user_id, label }) => ({ userId: user_id, label }));
        await contacts.put(principalOf(request).userId, list);
        return reply.code(204).send(null);
      },
    });

    app.route({
      method: 'PUT',
      url: '/v1/contacts/:user_id',
      schema: {
        operationId: 'putContact',
        summary: 'Adds a contact, or changes its label',
        params: oneContact,
        body: z.strictObject({ label: field.contactLabel }),
        response: { 204: field.nothing, ...errors },
        ...common,
      },
      handler: async (request, reply) => {
        const { userId } = principalOf(request);
        await contacts.put(userId, [{ userId: request.params.user_id, label: request.body.label }]);
        return reply.code(204).send(null);
      },
    });

    app.route({
      method: 'DELETE',
      url: '/v1/contacts/:user_id',
      schema: {
        operationId: 'removeContact',
        summary: 'Takes somebody out of the address book; twice is as once',
        params: oneContact,
        response: { 204: field.nothing, ...errors },
        ...common,
      },
      handler: async (request, reply) => {
        await contacts.remove(principalOf(request).userId, request.params.user_id);
        return reply.code(204).send(null);
      },
    });
  };
}
