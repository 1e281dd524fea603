/** Verifies a generation against the one that is read, bringing it up to the end of the log on the way where nobody else does. */
import type { Generation } from '@parley/projections/generations/pointer';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { CommandContext } from '../cli/command.ts';
import { defaultRebuildSettings, Rebuild } from '../rebuild/rebuild.ts';
import type { FilledGeneration } from './access.ts';
import { untilClosed } from './move-pointer.ts';
import { type Verification, Verifier } from './verify.ts';

export interface VerifyShadowOptions {
  readonly generation: Generation;
  readonly maxTold: number;
  readonly maxInFlight: number;
}

export async function verifyShadow(context: CommandContext, options: VerifyShadowOptions): Promise<Verification> {
  const { cell, progress, signal } = context;
  const { generation, maxTold, maxInFlight } = options;
  const pointer = await cell.generations.pointer.read();
  if (generation === pointer.read)
    throw new ParleyError('invalid_request', { detail: `${generation} is the live one` });
  const positions = await cell.generations.positions(generation);
  const isShared = pointer.write.includes(generation);
  if (positions === null && !isShared) throw new ParleyError('not_found', { detail: `no rebuild of ${generation}` });
  if (!isShared) await untilClosed(context);
  const live = await cell.generations.look(pointer.read);
  const filled = isShared ? null : await cell.generations.fill(generation, { isShared, maxInFlight });
  const bar = progress.bar('verify', 'rows');
  let rows = 0;
  try {
    const shadow = filled ?? (await cell.generations.look(generation));
    const verifier = new Verifier({
      ...{ log: cell.log, codec: cell.codec, live, shadow, positions: positions ?? [], maxTold, signal },
      ...{ clock: context.clock, timers: context.timers },
      isWritten: isShared,
      catchUp: filled === null ? () => Promise.resolve() : catchUpOf(context, filled),
      observe: (projection, compared) => {
        rows += compared;
        bar.update(rows, rows, projection);
      },
    });
    return await verifier.run();
  } finally {
    bar.end();
    await filled?.close();
  }
}

function catchUpOf({ cell, clock, timers, signal }: CommandContext, filled: FilledGeneration): () => Promise<void> {
  const { log, codec, dataKeys } = cell;
  const rebuild = new Rebuild({ log, codec, dataKeys, clock, timers }, filled, defaultRebuildSettings);
  return async () => {
    await rebuild.pass(signal);
    signal.throwIfAborted();
  };
}

/** As the summary says it. */
export function summaryOf({ rows, different, moving, byProjection, told }: Verification): Record<string, unknown> {
  return { rows, different, moving, by_projection: byProjection, differences: told };
}

export function linesOf({ rows, different, moving, byProjection, told }: Verification): string[] {
  const lines = Object.entries(byProjection).map(
    ([projection, counts]) => `${projection}: ${counts.rows} rows, ${counts.different} different`,
  );
  for (const { projection, key, column, live, shadow } of told) {
    const where = column === null ? 'the row' : column;
    lines.push(
      `  ${projection} ${key}: ${where} is ${live ?? 'not there'} live, ${shadow ?? 'not there'} in the shadow`,
    );
  }
  if (moving > 0) lines.push(`${moving} rows changed whenever they were looked at: run it again in a calmer moment`);
  lines.push(`${rows} rows, ${different} different`);
  return lines;
}
