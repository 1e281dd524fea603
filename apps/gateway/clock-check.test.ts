import { hasCode } from '@parley/schemas/errors/parley-error';
import { describe, expect, it } from 'vitest';
import { TestGateway } from './fixtures/gateway.fixture.ts';

describe('rule 2: a gateway whose clock is found to be wrong', () => {
  it('is not ready, admits nobody, and sends away whom it has', async () => {
    const clockCheck = { isRight: true };
    const gateway = new TestGateway({}, { clockCheck });
    const { alice } = await gateway.pair();
    expect(gateway.core.isReady()).toBe(true);
    clockCheck.isRight = false;
    expect(gateway.core.isReady()).toBe(false);
    await expect(gateway.device()).rejects.toSatisfy((error) => hasCode(error, 'not_ready'));
    await gateway.seconds(2);
    expect(alice.closed?.code).toBe(1013);
  });

  it('goes on once its clock is right', async () => {
    const clockCheck = { isRight: false };
    const gateway = new TestGateway({}, { clockCheck });
    clockCheck.isRight = true;
    const device = await gateway.device();
    await gateway.seconds(5, device);
    expect(gateway.core.isReady()).toBe(true);
    expect(device.connection.isOpen).toBe(true);
  });
});
