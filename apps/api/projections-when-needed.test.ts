import type { Projections } from '@parley/projections/projections';
import { describe, expect, it } from 'vitest';
import { ProjectionsWhenNeeded } from './projections-when-needed.ts';

function makeOpened() {
  const state = { opened: 0, closed: 0, fails: false };
  const projections = { close: async () => void state.closed++ } as unknown as Projections;
  const whenNeeded = new ProjectionsWhenNeeded(async () => {
    state.opened++;
    if (state.fails) throw new Error('no CQL engine');
    return projections;
  });
  return { state, projections, whenNeeded };
}

describe('projections when needed', () => {
  it('are opened once, by whoever asks first', async () => {
    const { state, projections, whenNeeded } = makeOpened();
    expect(state.opened).toBe(0);
    expect(await Promise.all([whenNeeded.get(), whenNeeded.get()])).toEqual([projections, projections]);
    expect(state.opened).toBe(1);
    await whenNeeded.close();
    expect(state.closed).toBe(1);
    await expect(whenNeeded.get()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('are unavailable while they cannot be opened, and opened by the next who asks', async () => {
    const { state, projections, whenNeeded } = makeOpened();
    state.fails = true;
    await expect(whenNeeded.get()).rejects.toMatchObject({ code: 'unavailable' });
    state.fails = false;
    expect(await whenNeeded.get()).toBe(projections);
    expect(state.opened).toBe(2);
  });

  it('that never opened, or could not, have nothing to close', async () => {
    const { state, whenNeeded } = makeOpened();
    await whenNeeded.close();
    const failing = makeOpened();
    failing.state.fails = true;
    await expect(failing.whenNeeded.get()).rejects.toThrow();
    await failing.whenNeeded.close();
    expect([state.closed, failing.state.closed]).toEqual([0, 0]);
  });
});
