/**
 * `group-members.proto` as a value, so that no file has to be found at run time, and the parties of its tokens; a test holds the two
 * together.
 */
import type { MethodDefinition } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { ServiceParties } from '@parley/streams/delivery/service-token';

const v1 = {
  GroupMembers: {
    methods: { GetGroupMembers: { requestType: 'GroupMembersRequest', responseType: 'GroupMembersPage', comment: '' } },
  },
  GroupMembersRequest: {
    fields: {
      group_id: { type: 'string', id: 1 },
      after: { type: 'string', id: 2 },
      limit: { type: 'uint32', id: 3 },
    },
  },
  GroupMembersPage: {
    fields: { user_ids: { rule: 'repeated' as const, type: 'string', id: 1 }, next: { type: 'string', id: 2 } },
  },
};

export interface GroupMembersRequest {
  group_id: string;
  after: string;
  limit: number;
}

export interface GroupMembersPage {
  user_ids: string[];
  next: string;
}

/** Options of proto-loader under which messages have the shapes above. */
export const loaderOptions = { keepCase: true, longs: Number, defaults: true } as const;

export const serviceName = 'parley.directory.v1.GroupMembers';

export const groupMembersParties: ServiceParties = { issuer: 'parley-cell', audience: 'group-members' };

export interface GroupMembersService {
  readonly [method: string]: MethodDefinition<GroupMembersRequest, GroupMembersPage>;
  readonly GetGroupMembers: MethodDefinition<GroupMembersRequest, GroupMembersPage>;
}

/** The service as grpc-js takes it. */
export function groupMembersService(): GroupMembersService {
  const loaded = fromJSON(
    { nested: { parley: { nested: { directory: { nested: { v1: { nested: v1 } } } } } } },
    loaderOptions,
  );
  return loaded[serviceName] as unknown as GroupMembersService;
}
