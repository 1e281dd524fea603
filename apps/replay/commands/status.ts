/** `replay status`: which generations of the projections there are, and how far each is behind the log. */
import type { Generation } from '@parley/projections/generations/pointer';
import type { Cell } from '../cli/cell.ts';
import type { Command } from '../cli/command.ts';
import { rebuiltTopics } from '../rebuild/rebuild.ts';

interface GenerationStatus {
  readonly generation: Generation;
  readonly read: boolean;
  readonly written: boolean;
  readonly complete: boolean;
  /** Records that a rebuild has yet to bring in; null if none was begun. */
  readonly behind: number | null;
}

export const status: Command = {
  name: 'status',
  summary: 'which generations of the projections there are, and how far each is behind the log',
  async run({ cell }) {
    const ends = await endsOf(cell);
    const { version, read, write, complete } = await cell.generations.pointer.read();
    const found: GenerationStatus[] = [];
    for (const generation of await cell.generations.list()) {
      const is = (names: readonly Generation[]): boolean => names.includes(generation);
      const behind = is(complete) ? 0 : await behindOf(cell, generation, ends);
      found.push({ generation, read: read === generation, written: is(write), complete: is(complete), behind });
    }
    const records = [...ends.values()].reduce((sum, end) => sum + end, 0);
    return {
      ok: true,
      summary: { profile: cell.profile, version, read, write, generations: found, log_records: records },
      lines: [`pointer version ${version}, ${records} records in the log`, ...found.map(lineOf)],
    };
  },
};

async function endsOf({ log }: Cell): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  for (const topic of rebuiltTopics) {
    const partitions = await log.partitionCount(topic);
    for (let partition = 0; partition < partitions; partition++) {
      ends.set(`${topic}/${partition}`, (await log.bounds(topic, partition)).end);
    }
  }
  return ends;
}

async function behindOf(cell: Cell, generation: Generation, ends: ReadonlyMap<string, number>): Promise<number | null> {
  const positions = await cell.generations.positions(generation);
  if (positions === null) return null;
  const reached = new Map(positions.map(({ topic, partition, nextOffset }) => [`${topic}/${partition}`, nextOffset]));
  return [...ends].reduce((sum, [place, end]) => sum + Math.max(0, end - (reached.get(place) ?? 0)), 0);
}

function lineOf({ generation, read, written, complete, behind }: GenerationStatus): string {
  const roles = [...(read ? ['read'] : []), ...(written ? ['written'] : []), ...(complete ? ['complete'] : [])];
  if (roles.length === 0) roles.push('a shadow');
  const lag = behind === null ? ', never rebuilt' : complete ? '' : `, ${behind} records behind`;
  return `${generation}: ${roles.join(', ')}${lag}`;
}
