/** What every RevocationFeed does, with the store whose revocations it tells (design rule 21). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RevocationFeed, RevocationListener } from './revocations.ts';
import type { SessionStore } from './store.ts';

export interface RevocationsUnderTest {
  readonly store: SessionStore;
  readonly feed: RevocationFeed;
  close(): Promise<void>;
}

class Heard implements RevocationListener {
  readonly devices: string[] = [];
  missedCount = 0;

  revoked(deviceId: string): void {
    this.devices.push(deviceId);
  }

  missed(): void {
    this.missedCount++;
  }
}

const patient = { timeout: 10_000, interval: 5 };

export function revocationsContract(name: string, make: () => Promise<RevocationsUnderTest>): void {
  describe(`RevocationFeed contract: ${name}`, () => {
    let under: RevocationsUnderTest;
    const ends: (() => void)[] = [];
    const listen = (): Heard => {
      const heard = new Heard();
      ends.push(under.feed.listen(heard));
      return heard;
    };
    const revoke = async (): Promise<string> => {
      const deviceId = randomUUID();
      await under.store.revokeDevice({ userId: randomUUID(), deviceId }, 60_000);
      return deviceId;
    };
    /** Until it hears: a subscription takes a while to stand. */
    const hearing = async (heard: Heard): Promise<void> => {
      await expect
        .poll(async () => {
          await revoke();
          return heard.devices.length;
        }, patient)
        .toBeGreaterThan(0);
    };
    beforeAll(async () => {
      under = await make();
    });
    afterAll(async () => {
      for (const end of ends) end();
      await under.close();
    });

    it('rule 21: every listener hears of every revocation, once the denylist has it', async () => {
      const [one, other] = [listen(), listen()];
      await Promise.all([hearing(one), hearing(other)]);
      const denied: Promise<boolean>[] = [];
      ends.push(
        under.feed.listen({
          revoked: (deviceId) => void denied.push(under.store.isRevoked(deviceId)),
          missed: () => undefined,
        }),
      );
      const revoked = [await revoke(), await revoke(), await revoke()];
      for (const heard of [one, other])
        await expect.poll(() => heard.devices, patient).toEqual(expect.arrayContaining(revoked));
      await expect.poll(() => denied.length, patient).toBeGreaterThanOrEqual(revoked.length);
      expect(new Set(await Promise.all(denied))).toEqual(new Set([true]));
    });

    it('who no longer listens hears nothing', async () => {
      const [staying, leaving] = [listen(), new Heard()];
      const leave = under.feed.listen(leaving);
      await Promise.all([hearing(staying), hearing(leaving)]);
      leave();
      const before = leaving.devices.length;
      const last = await revoke();
      await expect.poll(() => staying.devices, patient).toContain(last);
      expect(leaving.devices).toHaveLength(before);
    });

    it('revoking takes the entry of the device from the store, and no other', async () => {
      const userId = randomUUID();
      await under.store.register({ userId, deviceId: 'phone' }, 'gateway');
      const connectionId = await under.store.register({ userId, deviceId: 'web' }, 'gateway');
      await under.store.revokeDevice({ userId, deviceId: 'phone' }, 60_000);
      expect(await under.store.lookup([userId])).toEqual([
        [{ userId, deviceId: 'web', gatewayId: 'gateway', connectionId }],
      ]);
    });
  });
}
