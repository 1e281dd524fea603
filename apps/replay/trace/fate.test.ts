import { describe, expect, it } from 'vitest';
import { type DeviceFacts, fateOf } from './fate.ts';
import type { Connection } from './presence-timeline.ts';
import { PresenceTimeline } from './presence-timeline.ts';

const at = (second: number) => Date.parse('2026-01-01T00:00:00Z') + second * 1_000;
const shown = (second: number) => new Date(at(second)).toISOString();

const timeline = new PresenceTimeline();
const say = (
  device: string,
  id: number,
  status: 'online' | 'offline',
  second: number,
  more: { readonly swept?: boolean; readonly gateway?: string } = {},
) =>
  timeline.apply({
    ...{ user_id: 'u', device_id: device, connection_id: id, gateway_id: more.gateway ?? 'g1' },
    ...{ status, at_ms: at(second), swept: more.swept ?? false },
  });

say('steady', 1, 'online', 10);
say('steady', 1, 'online', 200); // Said again.
say('gone', 1, 'online', 10);
say('gone', 1, 'offline', 50, { swept: true });
say('moved', 1, 'online', 10);
say('moved', 2, 'online', 90, { gateway: 'g2' });
say('moved', 1, 'offline', 95);
say('late', 1, 'offline', 95); // Its beginning is not kept any more.
say('late', 2, 'online', 300, { gateway: 'g2' });

describe('a timeline of presence', () => {
  it('knows which connection was open when', () => {
    expect(timeline.at('u', 'steady', at(5))).toBeNull();
    expect(timeline.at('u', 'steady', at(100))).toMatchObject({ gatewayId: 'g1', onlineAtMs: at(10) });
    expect(timeline.at('u', 'gone', at(49))?.connectionId).toBe(1);
    expect(timeline.at('u', 'gone', at(50))).toBeNull();
    expect(timeline.at('u', 'moved', at(92))?.gatewayId).toBe('g2');
    expect(timeline.at('u', 'late', at(80))).toBeNull();
    expect(timeline.devicesOf('u')).toEqual(['steady', 'gone', 'moved', 'late']);
  });
});

function fate(device: string, more: Partial<DeviceFacts> = {}): string {
  const connections: readonly Connection[] = timeline.connectionsOf('u', device);
  const connectedAt = timeline.at('u', device, at(100));
  return fateOf({
    ...{
      userId: 'u',
      deviceId: device,
      isSystem: false,
      isSendingDevice: false,
      isSender: false,
      atMs: at(100),
      seq: 7,
    },
    ...{ connections, connectedAt, deliveredAtMs: null, readAtMs: null, deliveredUpTo: 0, jobs: [] },
    ...more,
  });
}

const job = (more: object) => ({
  ...{ job_id: 'j', user_id: 'u', device_id: 'd', seq: 7, partition: 3, offset: 9, appended_at_ms: at(101) },
  ...{ reason: 'offline' as const, attempt: 1, taken: true as boolean | null, ...more },
});

describe('the fate of a message on a device', () => {
  it('is never a push, where it tells of a change of the group', () => {
    expect(fate('gone', { isSystem: true })).toMatch(/nobody is notified of a change of a group$/);
  });

  it('is that it arrived, where the device said so', () => {
    const arrived = { deliveredAtMs: at(101), readAtMs: at(102) };
    expect(fate('steady', arrived)).toBe(
      `was connected to g1 and acknowledged it at ${shown(101)}, and read at ${shown(102)}`,
    );
    expect(fate('gone', { deliveredAtMs: at(400), jobs: [job({})] })).toBe(
      `was offline then and acknowledged it at ${shown(400)}, after a push`,
    );
  });

  it('is that it was sent from there', () => {
    expect(fate('steady', { isSendingDevice: true, isSender: true })).toBe('sent it');
  });

  it('is where the device was, what it did since, and what was pushed', () => {
    expect(fate('gone', { jobs: [job({})] })).toBe(
      `was offline since ${shown(50)}, when its lease ran out; has not connected since; a push job was appended at ${shown(101)} ` +
        `(offline) to push.jobs/3/9 and a pusher has handled it: whether it was sent or dropped is in that pusher's log and counters only`,
    );
    expect(fate('steady', { deliveredUpTo: 5 })).toBe(
      `was connected to g1 since ${shown(10)} and did not acknowledge it; is still connected and has acknowledged up to #5; ` +
        'no push job names it (push.jobs is kept for 7 days)',
    );
    expect(fate('late', { jobs: [job({ seq: 9, taken: false })] })).toBe(
      `was offline since ${shown(95)}; has connected since, to g2 at ${shown(300)}, and has never acknowledged anything here; ` +
        `a push job for the later #9 was appended at ${shown(101)} (offline) to push.jobs/3/9 and waits for a pusher`,
    );
    expect(fate('unknown', { jobs: [job({ taken: null })] })).toContain(
      'chat.presence knows no connection of it before',
    );
    expect(fate('unknown', { isSender: true })).toContain('devices of the sender are not pushed to');
  });
});
