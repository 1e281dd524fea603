import { describe, expect, it } from 'vitest';
import { TestGateway } from '../fixtures/gateway.fixture.ts';
import { defaultFrameRates, kindOf, newFrameBudget, takeFrame } from './frame-budget.ts';

const rates = { ...defaultFrameRates, typing: { limit: 60, windowMs: 60_000, burst: 3 } };

describe('the allowance of a connection', () => {
  it('lets a burst through, then the rate, and says to the millisecond when to go on', () => {
    const budget = newFrameBudget();
    const take = (nowMs: number) => takeFrame(budget, 'typing', rates, nowMs);
    expect([take(0), take(0), take(0)]).toEqual([0, 0, 0]);
    expect([take(0), take(400), take(999)]).toEqual([1_000, 600, 1]);
    expect([take(1_000), take(1_000)]).toEqual([0, 1_000]);
    expect(take(1_000 + 60_000), 'a pause earns a burst').toBe(0);
    expect([take(61_000), take(61_000), take(61_000)]).toEqual([0, 0, 1_000]);
  });

  it('counts each kind by itself', () => {
    const budget = newFrameBudget();
    for (let i = 0; i < 4; i++) takeFrame(budget, 'typing', rates, 0);
    expect(takeFrame(budget, 'pings', rates, 0)).toBe(0);
  });

  it('refuses nobody for long because the clock was set back', () => {
    const budget = newFrameBudget();
    takeFrame(budget, 'typing', rates, 86_400_000);
    expect(takeFrame(budget, 'typing', rates, 0)).toBeLessThanOrEqual(1_000);
    expect(takeFrame(budget, 'typing', rates, 1_000)).toBe(0);
  });

  it('is there for every frame of a client but send, which is counted per user', () => {
    const unlimited = Object.entries(kindOf).filter(([, kind]) => kind === null);
    expect(unlimited).toEqual([['send', null]]);
  });
});

describe('a connection that sends too many frames', () => {
  const few = { limit: 60, windowMs: 60_000, burst: 2 };

  it('is told of each which one and when to go on, and then goes on', async () => {
    const gateway = new TestGateway({ frameRates: { ...defaultFrameRates, reads: few } });
    const alice = await gateway.device();
    for (const request_id of [1, 2, 3]) alice.say('inbox', { request_id, after: null, limit: 1 });
    await gateway.settle();
    expect(alice.of('inbox_page').map(({ request_id }) => request_id)).toEqual([1, 2]);
    const [error] = alice.of('error');
    expect(error).toMatchObject({ code: 'rate_limited', request_id: 3, retry_after_ms: 1_000 });
    await gateway.pass(1_000);
    alice.say('inbox', { request_id: 3, after: null, limit: 1 });
    await gateway.settle();
    expect(alice.of('inbox_page')).toHaveLength(3);
  });

  it('is closed if it does not heed that', async () => {
    const gateway = new TestGateway({ frameRates: { ...defaultFrameRates, pings: few }, maxRefusedFramesPerMinute: 5 });
    const alice = await gateway.device();
    for (let i = 0; i < 7; i++) alice.say('ping', { client_time_ms: i });
    expect(alice.closed).toBeNull();
    alice.say('ping', { client_time_ms: 7 });
    expect(alice.closed).toMatchObject({ reason: 'too_many_errors' });
  });
});

describe('a user who connects too often', () => {
  it('is refused for the rest of the minute, and others are not', async () => {
    const gateway = new TestGateway({ connectsPerMinute: 3 });
    const alice = await gateway.device();
    const again = () => gateway.device(alice.userId, alice.deviceId);
    await again();
    await again();
    await expect(again()).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 60_000 });
    await gateway.device();
    await gateway.pass(60_000);
    await again();
  });
});
