/**
 * Moves the projection pointer by one step, and waits until nobody goes by the one before any more.
 *
 * When it was moved stands in the pointer, so that a command that was killed while it waited is made up for by the next one.
 */
import { settleMs } from '@parley/projections/generations/lease';
import { type Generation, type ProjectionPointer, writingNoMore } from '@parley/projections/generations/pointer';
import { pause } from '@parley/schemas/environment/clock';
import type { CommandContext } from '../cli/command.ts';

export type Move = (pointer: ProjectionPointer) => ProjectionPointer;
type MoveContext = Pick<CommandContext, 'cell' | 'clock' | 'timers' | 'say'>;

/** After everybody goes by the new pointer, processes let what they had begun end, for as long again, and close what they left. */
const closedMs = 2 * settleMs + 2_000;

export async function movePointer(context: MoveContext, move: Move): Promise<ProjectionPointer> {
  const moved = await movePointerAtOnce(context, move);
  const { version, read, write } = moved;
  context.say(`version ${version}: reads ${read}, writes ${write.join(' and ')}; waiting until everybody knows`);
  await untilSettled(context);
  return moved;
}

/** For what only commands look at. */
export async function movePointerAtOnce({ cell, clock }: MoveContext, move: Move): Promise<ProjectionPointer> {
  const { pointer } = cell.generations;
  const now = await pointer.read();
  const next = move(now);
  if (next === now) return now;
  const moved = { ...next, movedAtMs: clock.nowMs() };
  await pointer.write(moved);
  return moved;
}

/** Nobody goes by an earlier pointer. */
export async function untilSettled(context: Pick<MoveContext, 'cell' | 'clock' | 'timers'>): Promise<void> {
  await sinceMoved(context, settleMs);
}

/** Nobody has a generation open that the pointer does not name. */
export async function untilClosed(context: Pick<MoveContext, 'cell' | 'clock' | 'timers'>): Promise<void> {
  await sinceMoved(context, closedMs);
}

/** Resolves when no process has it open any more. */
export async function stopWriting(context: MoveContext, generation: Generation): Promise<void> {
  await movePointer(context, (now) => writingNoMore(now, generation));
  await untilClosed(context);
}

async function sinceMoved(
  { cell, clock, timers }: Pick<MoveContext, 'cell' | 'clock' | 'timers'>,
  waitMs: number,
): Promise<void> {
  const { movedAtMs } = await cell.generations.pointer.read();
  // Not longer than that, whatever the clock of the machine says that moved it.
  const leftMs = Math.min(waitMs, movedAtMs + waitMs - clock.nowMs());
  if (leftMs > 0) await pause(timers, leftMs);
}
