/** How a change of a group is answered: 200 once the log has it, 202 while it is on its way (design rule 20). */
import type { ChangedGroup } from '@parley/projections/directory/groups/group';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import type { ApiDependencies } from '../dependencies.ts';
import { takeOrRefuse } from '../limits.ts';
import type { changed } from './fields.ts';

type Settling = Pick<ApiDependencies, 'relay' | 'limits'>;

/** Before a change. @throws ParleyError `rate_limited`, `overloaded` */
export async function admitChange({ relay, limits }: Settling, userId: string): Promise<void> {
  relay.admit();
  await takeOrRefuse(limits.groupChangesPerUser, userId);
}

/** After a change, which is committed: the relay is asked for it at once. */
export async function answerChange(
  { relay }: Settling,
  reply: FastifyReply,
  { groupId, version }: ChangedGroup,
): Promise<z.infer<typeof changed>> {
  const settled = await relay.settle(groupId, version);
  reply.code(settled ? 200 : 202);
  return { group_id: groupId, version, settled };
}
