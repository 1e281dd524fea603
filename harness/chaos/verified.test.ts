import { describe, expect, it } from 'vitest';
import type { ReplayAnswer, ReplayCommand } from '../generations/replay-command.ts';
import { verifyAgainstLog } from './verified.ts';

const rebuilt: ReplayAnswer = { exitCode: 0, summary: { generation: 'g2', records: 7, complete: true } };
const same = { rows: 20, different: 0, moving: 0, differences: [] };

/** An operator's commands with these answers, and what was asked. */
function answering(verify: ReplayAnswer, rebuild = rebuilt): { replay: ReplayCommand; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    replay: async (...args) => {
      asked.push(args.join(' '));
      return args[0] === 'rebuild' ? rebuild : verify;
    },
  };
}

describe('the comparison with the log at the end of a chaos run (invariant 5)', () => {
  it('rebuilds into a generation of its own, then compares, and is content with no difference', async () => {
    const { replay, asked } = answering({ exitCode: 0, summary: same });
    expect(await verifyAgainstLog(replay)).toEqual({ verify: { rows: 20, different: 0, moving: 0 }, wrong: [] });
    expect(asked).toEqual(['rebuild --generation g2', 'verify --generation g2']);
  });

  it('says which rows differ', async () => {
    const difference = { projection: 'messages', key: 'c/1', column: 'seq', live: '4', shadow: '3' };
    const { replay } = answering({ exitCode: 1, summary: { ...same, different: 1, differences: [difference] } });
    const { verify, wrong } = await verifyAgainstLog(replay);
    expect(verify).toEqual({ rows: 20, different: 1, moving: 0 });
    expect(wrong.join('\n')).toContain('"key":"c/1"');
  });

  it.each([
    ['rows that go on changing', { exitCode: 1, summary: { ...same, moving: 2 } }],
    ['a comparison of nothing', { exitCode: 0, summary: { ...same, rows: 0 } }],
    ['a command that fails all the same', { exitCode: 1, summary: same }],
    ['an answer without counts', { exitCode: 1, summary: { error: 'unavailable' } }],
  ])('is not content with %s', async (_what, answer) => {
    expect((await verifyAgainstLog(answering(answer).replay)).wrong).not.toEqual([]);
  });

  it('is not content without a rebuild, whatever a comparison would say', async () => {
    const stopped = { exitCode: 1, summary: { complete: false } };
    const { replay, asked } = answering({ exitCode: 0, summary: same }, stopped);
    expect((await verifyAgainstLog(replay)).wrong).not.toEqual([]);
    expect(asked).toEqual(['rebuild --generation g2']);
  });

  it('is not content with commands that cannot be run', async () => {
    const { verify, wrong } = await verifyAgainstLog(() => Promise.reject(new Error('no JSON')));
    expect([verify, wrong]).toEqual([null, ['nothing was verified: no JSON']]);
  });
});
