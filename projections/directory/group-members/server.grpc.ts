/** Answers who is in a group to other services of the cell: a page at a time, to those with a token, so many calls at once. */
import {
  type ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { Clock } from '@parley/schemas/environment/clock';
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import { startGrpcServer } from '@parley/streams/delivery/server.grpc';
import { verifyServiceToken } from '@parley/streams/delivery/service-token';
import type { Logger } from 'pino';
import type { GroupReading } from '../groups/reading.ts';
import {
  type GroupMembersPage,
  type GroupMembersRequest,
  groupMembersParties,
  groupMembersService,
} from './schema.grpc.ts';

export interface GroupMembersServerOptions {
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  readonly reading: Pick<GroupReading, 'memberIds'>;
  /** From `deliverySecret`; the same as the callers'. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Plain text where absent. */
  readonly serverCredentials?: ServerCredentials;
}

export interface GroupMembersServer {
  readonly port: number;
  /** Ends at once: whoever waits for an answer asks again. */
  close(): Promise<void>;
}

/** Of one page: a group of the usual size fits. */
export const maxPageMembers = 256;
const maxCalls = 256;
const maxMessageBytes = 64 * 1_024;
const bearer = /^Bearer (\S+)$/;

const statusOf: Partial<Record<ErrorCode, status>> = {
  unauthenticated: status.UNAUTHENTICATED,
  invalid_request: status.INVALID_ARGUMENT,
  not_found: status.NOT_FOUND,
  overloaded: status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
};

type Call = ServerUnaryCall<GroupMembersRequest, GroupMembersPage>;

class Answering {
  readonly #options: GroupMembersServerOptions;
  #calls = 0;

  constructor(options: GroupMembersServerOptions) {
    this.#options = options;
  }

  async answer(call: Call, reply: sendUnaryData<GroupMembersPage>): Promise<void> {
    this.#calls++;
    try {
      reply(null, await this.#page(call));
    } catch (error) {
      const { code } = error instanceof ParleyError ? error : new ParleyError('internal');
      const known = statusOf[code];
      if (known === undefined) this.#options.logger.error({ err: error }, 'a call for the members of a group failed');
      reply({ code: known ?? status.INTERNAL, details: code } as ServiceError);
    } finally {
      this.#calls--;
    }
  }

  async #page({ metadata, request }: Call): Promise<GroupMembersPage> {
    const { reading, secret, clock } = this.#options;
    if (this.#calls > maxCalls) throw new ParleyError('overloaded');
    const token = bearer.exec(String(metadata.get('authorization')[0] ?? ''))?.[1];
    await verifyServiceToken(token ?? '', secret, clock, groupMembersParties);
    const { group_id, after, limit } = request;
    if (!isUuid(group_id) || (after !== '' && !isUuid(after))) throw new ParleyError('invalid_request');
    const most = limit === 0 ? maxPageMembers : Math.min(limit, maxPageMembers);
    const { items, next } = await reading.memberIds(group_id, after === '' ? null : after, most);
    return { user_ids: [...items], next: next ?? '' };
  }
}

export async function startGroupMembersServer(options: GroupMembersServerOptions): Promise<GroupMembersServer> {
  const answering = new Answering(options);
  const { host, port, serverCredentials } = options;
  const server = await startGrpcServer(
    groupMembersService(),
    { GetGroupMembers: (call: Call, reply: sendUnaryData<GroupMembersPage>) => void answering.answer(call, reply) },
    { host, port, maxMessageBytes, ...(serverCredentials === undefined ? {} : { serverCredentials }) },
  );
  return {
    port: server.port,
    close: () => {
      server.shutdown();
      return Promise.resolve();
    },
  };
}
