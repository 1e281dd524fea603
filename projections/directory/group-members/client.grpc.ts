/** Asks the API of the cell who is in a group. */
import { type ChannelCredentials, Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Clock } from '@parley/schemas/environment/clock';
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { signServiceToken } from '@parley/streams/delivery/service-token';
import type { Page } from '../groups/group.ts';
import {
  type GroupMembersPage,
  type GroupMembersRequest,
  type GroupMembersService,
  groupMembersParties,
  groupMembersService,
} from './schema.grpc.ts';

export interface GroupMembersClientOptions {
  /** `host:port`. */
  readonly address: string;
  /** From `deliverySecret`; the same as the server's. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  /** Plain text where absent. */
  readonly channelCredentials?: ChannelCredentials;
}

const timeoutMs = 2_000;

const codeOf: Partial<Record<status, ErrorCode>> = {
  [status.UNAUTHENTICATED]: 'unauthenticated',
  [status.INVALID_ARGUMENT]: 'invalid_request',
  [status.NOT_FOUND]: 'not_found',
  [status.RESOURCE_EXHAUSTED]: 'overloaded',
  [status.UNAVAILABLE]: 'unavailable',
  [status.DEADLINE_EXCEEDED]: 'unavailable',
};

export class GroupMembersClient {
  readonly #options: GroupMembersClientOptions;
  readonly #client: Client;
  readonly #service: GroupMembersService = groupMembersService();

  constructor(options: GroupMembersClientOptions) {
    this.#options = options;
    this.#client = new Client(options.address, options.channelCredentials ?? credentials.createInsecure(), {
      'grpc.enable_http_proxy': 0,
    });
  }

  /** Of all pages. @throws ParleyError `not_found`, `unauthenticated`, `unavailable`, `overloaded` */
  async getGroupMembers(groupId: string): Promise<string[]> {
    const userIds: string[] = [];
    for (let after: string | null = null; ; ) {
      const { items, next } = await this.page(groupId, after, 0);
      userIds.push(...items);
      if (next === null) return userIds;
      after = next;
    }
  }

  /** @param limit 0 for as many as a page may hold */
  async page(groupId: string, after: string | null, limit: number): Promise<Page<string>> {
    const { secret, clock } = this.#options;
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${await signServiceToken(secret, clock, groupMembersParties)}`);
    const { user_ids, next } = await this.#call({ group_id: groupId, after: after ?? '', limit }, metadata);
    return { items: user_ids, next: next === '' ? null : next };
  }

  #call(request: GroupMembersRequest, metadata: Metadata): Promise<GroupMembersPage> {
    const { path, requestSerialize, responseDeserialize } = this.#service.GetGroupMembers;
    // The deadline is the machine's own time, whatever the clock of the tokens says.
    const options = { deadline: new Date(Date.now() + timeoutMs) };
    return new Promise((resolve, reject) => {
      const answer = (error: ServiceError | null, page?: GroupMembersPage): void => {
        if (error === null && page !== undefined) resolve(page);
        else reject(new ParleyError(codeOf[error?.code ?? status.UNKNOWN] ?? 'internal', { detail: 'group members' }));
      };
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, answer);
    });
  }

  close(): void {
    this.#client.close();
  }
}
