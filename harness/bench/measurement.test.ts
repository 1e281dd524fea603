import { describe, expect, test } from 'vitest';
import { Measurement, nowMs } from './measurement.ts';

function sent(measurement: Measurement, count: number): void {
  for (let i = 0; i < count; i++) measurement.sent();
}

describe('a measurement', () => {
  test('counts a message once, and what came again as doubled', () => {
    const measurement = new Measurement(3);
    sent(measurement, 3);
    for (const index of [0, 2, 2, 0]) measurement.delivered(index, nowMs());
    expect(measurement.result()).toMatchObject({ sent: 3, delivered: 2, lost: 1, duplicated: 2 });
  });

  test('is complete when everything was accepted and delivered', () => {
    const measurement = new Measurement(2);
    sent(measurement, 2);
    measurement.delivered(0, nowMs());
    measurement.delivered(1, nowMs());
    measurement.accepted();
    expect(measurement.isComplete).toBe(false);
    expect(measurement.result().withoutVerdict).toBe(1);
    measurement.accepted();
    expect(measurement.isComplete).toBe(true);
  });

  test('counts latency from when the message was meant to be sent', () => {
    const measurement = new Measurement(100);
    sent(measurement, 100);
    for (let i = 0; i < 100; i++) measurement.delivered(i, nowMs() - (i < 98 ? 10 : 500));
    const { p50_ms, p99_ms, max_ms } = measurement.result();
    expect(p50_ms).toBeGreaterThanOrEqual(10);
    expect(p50_ms).toBeLessThan(100);
    expect(p99_ms).toBeGreaterThanOrEqual(500);
    expect(max_ms).toBeGreaterThanOrEqual(500);
  });

  test('forgets the warm-up', () => {
    const measurement = new Measurement(1);
    sent(measurement, 1);
    measurement.refused('rate_limited');
    measurement.delivered(0, nowMs() - 1_000);
    measurement.restart(1);
    expect(measurement.result()).toMatchObject({ sent: 0, delivered: 0, lost: 0, refused: {}, max_ms: 0 });
    sent(measurement, 1);
    measurement.delivered(0, nowMs());
    expect(measurement.result()).toMatchObject({ delivered: 1, duplicated: 0 });
  });

  test('counts refusals by code, and disconnects but for its own', () => {
    const measurement = new Measurement(1);
    for (const code of ['overloaded', 'overloaded', 'resync']) measurement.refused(code);
    measurement.disconnected();
    measurement.closing();
    measurement.disconnected();
    expect(measurement.result()).toMatchObject({ refused: { overloaded: 2, resync: 1 }, disconnects: 1 });
  });
});
