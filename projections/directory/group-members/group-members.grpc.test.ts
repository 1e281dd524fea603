import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import { systemClock } from '@parley/schemas/environment/system';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { deliverySecret, signDeliveryToken } from '@parley/streams/delivery/delivery-token';
import { verifyServiceToken } from '@parley/streams/delivery/service-token';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { Page } from '../groups/group.ts';
import { GroupMembersClient } from './client.grpc.ts';
import {
  type GroupMembersService,
  groupMembersParties,
  groupMembersService,
  loaderOptions,
  serviceName,
} from './schema.grpc.ts';
import { maxPageMembers, startGroupMembersServer } from './server.grpc.ts';

const secret = deliverySecret('a secret of the cell, known to no other');
const groupId = randomUUID();
const members = Array.from({ length: 600 }, () => randomUUID()).sort();
const closers: (() => Promise<unknown> | unknown)[] = [];
const asked: number[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const reading = {
  memberIds: async (id: string, after: string | null, limit: number): Promise<Page<string>> => {
    asked.push(limit);
    if (id !== groupId) throw new ParleyError('not_found');
    const items = members.filter((one) => one > (after ?? '')).slice(0, limit);
    return { items, next: items.at(-1) === members.at(-1) ? null : items.at(-1)! };
  },
};

async function connect(own = secret, how = reading): Promise<GroupMembersClient> {
  const logger = pino({ level: 'silent' });
  const server = await startGroupMembersServer({
    ...{ host: '127.0.0.1', port: 0, reading: how, secret, clock: systemClock, logger },
  });
  closers.push(() => server.close());
  const client = new GroupMembersClient({ address: `127.0.0.1:${server.port}`, secret: own, clock: systemClock });
  closers.push(() => client.close());
  return client;
}

describe('GetGroupMembers', () => {
  it('gives all members of a group, a bounded page at a time', async () => {
    const client = await connect();
    asked.length = 0;
    expect(await client.getGroupMembers(groupId)).toEqual(members);
    expect(asked).toEqual([maxPageMembers, maxPageMembers, maxPageMembers]);
    expect(await client.page(groupId, members[9]!, 3)).toEqual({ items: members.slice(10, 13), next: members[12] });
    expect((await client.page(groupId, null, 1_000_000)).items).toHaveLength(maxPageMembers);
  });

  it('says what is wrong', async () => {
    const client = await connect();
    await expect(client.getGroupMembers(randomUUID())).rejects.toMatchObject({ code: 'not_found' });
    await expect(client.getGroupMembers("'; DROP TABLE users")).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(client.page(groupId, 'x', 1)).rejects.toMatchObject({ code: 'invalid_request' });
    const failing = await connect(secret, { memberIds: () => Promise.reject(new Error('why')) });
    await expect(failing.getGroupMembers(groupId)).rejects.toMatchObject({ code: 'internal' });
    for (const close of closers.splice(0).reverse()) await close();
    const nobody = new GroupMembersClient({ address: '127.0.0.1:1', secret, clock: systemClock });
    await expect(nobody.getGroupMembers(groupId)).rejects.toMatchObject({ code: 'unavailable' });
    nobody.close();
  });

  it('is for the cell alone: another secret and a token for another service are refused', async () => {
    const stranger = await connect(deliverySecret('a secret of somebody else, of another cell'));
    await expect(stranger.getGroupMembers(groupId)).rejects.toMatchObject({ code: 'unauthenticated' });
    const forDeliveries = await signDeliveryToken(secret, systemClock);
    await expect(verifyServiceToken(forDeliveries, secret, systemClock, groupMembersParties)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  it('is described as group-members.proto says', () => {
    const path = fileURLToPath(new URL('./group-members.proto', import.meta.url));
    const service = loadSync(path, loaderOptions)[serviceName] as unknown as GroupMembersService;
    const described = (one: GroupMembersService) => {
      const { requestType, responseType } = one.GetGroupMembers as unknown as Record<string, { type: unknown }>;
      return JSON.stringify([one.GetGroupMembers.path, requestType!.type, responseType!.type]);
    };
    expect(described(groupMembersService())).toBe(described(service));
  });
});
