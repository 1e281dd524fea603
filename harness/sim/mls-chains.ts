/** That every device that follows a conversation's commits stands where the log stands (design rule 22). */
import { MlsOrder } from '@parley/sdk/mls-order';
import type { Oracle, TrueConversation } from './oracle.ts';
import type { Device } from './processes/device.ts';
import type { World } from './world.ts';

function* disagreementsOf(device: Device, conversationId: string, truth: TrueConversation): Generator<string> {
  const taken = [...(device.taken.get(conversationId) ?? [])].sort((one, other) => one.seq - other.seq);
  const order = new MlsOrder(device.userId);
  const commits = new Map(truth.judge.mls.commits.map((commit) => [commit.seq, commit]));
  for (const { seq, message } of taken) {
    order.apply(message);
    const { mls } = message;
    if (mls?.kind !== 'commit') continue;
    const { generation, epoch } = mls;
    const commit = commits.get(seq);
    if (commit === undefined || commit.generation !== generation || commit.epoch !== epoch)
      yield `${device.name} has a commit for ${generation}.${epoch} at ${conversationId}:${seq}, where the log has ${commit === undefined ? 'none' : `${commit.generation}.${commit.epoch}`}`;
  }
  // Whoever has what came last stands where everybody does; one that was out of the conversation then may not know yet.
  const hasLast = taken.some(({ seq }) => seq === truth.judge.mls.lastSeq);
  const { generation, epoch } = order.position;
  if (hasLast && `${generation}.${epoch}` !== truth.judge.mls.place)
    yield `${device.name} stands at ${generation}.${epoch} of ${conversationId}, and the log at ${truth.judge.mls.place}`;
}

export function* mlsDisagreements(world: World, oracle: Oracle): Generator<string> {
  for (const device of world.people) {
    for (const conversationId of device.taken.keys())
      yield* disagreementsOf(device, conversationId, oracle.conversation(conversationId));
  }
}
