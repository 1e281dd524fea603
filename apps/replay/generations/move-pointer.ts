/** Moves the projection pointer by one step, and waits until nobody goes by the one before any more. */
import { settleMs } from '@parley/projections/generations/lease';
import type { ProjectionPointer } from '@parley/projections/generations/pointer';
import { pause } from '@parley/schemas/environment/clock';
import type { CommandContext } from '../cli/command.ts';

export type Move = (pointer: ProjectionPointer) => ProjectionPointer;

export async function movePointer(context: CommandContext, move: Move): Promise<ProjectionPointer> {
  const moved = await movePointerAtOnce(context, move);
  context.say(
    `version ${moved.version}: reads ${moved.read}, writes ${moved.write.join(' and ')}; waiting until everybody knows`,
  );
  await pause(context.timers, settleMs);
  return moved;
}

/** For what only commands look at. */
export async function movePointerAtOnce({ cell }: CommandContext, move: Move): Promise<ProjectionPointer> {
  const { pointer } = cell.generations;
  const now = await pointer.read();
  const next = move(now);
  if (next !== now) await pointer.write(next);
  return next;
}
