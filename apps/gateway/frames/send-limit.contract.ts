/** The limit of messages holds for a user over all devices and gateways, whatever the gateways count in. */

import { randomUUID } from 'node:crypto';
import { limitTable } from '@parley/projections/limits/table';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SendLimiter } from '../dependencies.ts';
import { TestGateway } from '../fixtures/gateway.fixture.ts';
import type { FakeDevice } from '../fixtures/socket.fixture.ts';

const { limit, windowMs } = limitTable.messages;

export interface LimitersOfGateways {
  /** One for each of two gateways. */
  readonly limiters: readonly [SendLimiter, SendLimiter];
  /** What one took the other knows. */
  reconciled(): Promise<void>;
  close(): Promise<void>;
}

export function sendLimitContract(name: string, open: () => Promise<LimitersOfGateways>): void {
  describe(`messages of a user over two gateways: ${name}`, () => {
    let under: LimitersOfGateways;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    it('are 100 a minute, and whoever is beyond is told when to go on', async () => {
      const gateways = under.limiters.map((limiter) => new TestGateway({}, { limiter })) as [TestGateway, TestGateway];
      const userId = randomUUID();
      const [phone, desktop] = [await gateways[0].device(userId), await gateways[1].device(userId)];
      let taken = 0;
      const send = async (gateway: TestGateway, from: FakeDevice, count: number): Promise<void> => {
        const peer = await gateway.device();
        const answers = (): number => from.of('appended').length + from.of('error').length;
        const [before, answered] = [from.of('appended').length, answers()];
        for (let i = 0; i < count; i++) from.say('send', gateway.sendFrame(from, peer));
        await vi.waitUntil(async () => {
          await gateway.settle();
          return answers() === answered + count;
        });
        taken += from.of('appended').length - before;
      };
      for (let part = 0; part < 4; part++) {
        await send(gateways[0], phone, limit / 4);
        await under.reconciled();
        await send(gateways[1], desktop, limit / 4);
        await under.reconciled();
      }
      expect(taken).toBeGreaterThanOrEqual(limit);
      // A gateway's first look at a window that another began may come late by one round.
      expect(taken).toBeLessThanOrEqual(limit + limit / 4);
      for (const device of [phone, desktop]) {
        await send(device === phone ? gateways[0] : gateways[1], device, 1);
        const { code, retry_after_ms, message_id } = device.of('error').at(-1)!;
        expect([code, message_id === null]).toEqual(['rate_limited', false]);
        expect(retry_after_ms).toBeGreaterThan(0);
        expect(retry_after_ms).toBeLessThanOrEqual(windowMs);
      }
      const others = taken;
      await send(gateways[0], await gateways[0].device(), 1);
      expect(taken - others, 'others are not concerned').toBe(1);
    });
  });
}
