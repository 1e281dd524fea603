/** What a benchmark's own checks say of its result: an empty list is a run that counts. */
import type { DeliveryResult } from './delivery.ts';
import type { GroupResult } from './group.ts';
import type { IdleResult } from './idle.ts';
import type { ReplayResult } from './replay.ts';

export interface Requirements {
  readonly requireRate?: number;
  readonly requireP99?: number;
  readonly requireWrites?: number;
}

export function deliveryFaults(result: DeliveryResult, required: Requirements = {}): string[] {
  const faults: string[] = [];
  const { requireRate, requireP99, requireWrites } = required;
  const refused = Object.entries(result.refused);
  if (result.lost > 0) faults.push(`${result.lost} messages were lost`);
  if (result.duplicated > 0) faults.push(`${result.duplicated} messages came more than once`);
  if (result.without_verdict > 0) faults.push(`${result.without_verdict} messages got no verdict`);
  if (refused.length > 0) faults.push(`refused: ${refused.map(([code, count]) => `${code} ${count}`).join(', ')}`);
  if (result.disconnects > 0) faults.push(`${result.disconnects} connections ended`);
  const { senders_without_receipt: unreceipted, receipts } = result;
  if (unreceipted > 0 || receipts === 0)
    faults.push(`${unreceipted} devices lack the delivered receipt of their last message`);
  if (requireRate !== undefined && result.delivered_per_s < requireRate) {
    faults.push(`${result.delivered_per_s} messages a second are less than ${requireRate}`);
  }
  if (requireP99 !== undefined && result.p99_ms > requireP99) faults.push(`p99 ${result.p99_ms} ms > ${requireP99} ms`);
  if (requireWrites !== undefined && result.store_writes_per_message > requireWrites) {
    faults.push(`${result.store_writes_per_message} store writes a message are more than ${requireWrites}`);
  }
  return faults;
}

export function groupFaults(
  result: GroupResult,
  { requireRate, requireP99 }: Pick<Requirements, 'requireRate' | 'requireP99'> = {},
): string[] {
  const faults: string[] = [];
  const refused = Object.entries(result.refused);
  if (result.lost > 0) faults.push(`${result.lost} deliveries were lost`);
  if (result.duplicated > 0) faults.push(`${result.duplicated} deliveries came more than once`);
  if (result.without_verdict > 0) faults.push(`${result.without_verdict} messages got no verdict`);
  if (refused.length > 0) faults.push(`refused: ${refused.map(([code, count]) => `${code} ${count}`).join(', ')}`);
  if (result.disconnects > 0) faults.push(`${result.disconnects} connections ended`);
  if (requireRate !== undefined && result.frames_per_s < requireRate) {
    faults.push(`${result.frames_per_s} deliveries a second are less than ${requireRate}`);
  }
  if (requireP99 !== undefined && result.p99_ms > requireP99) faults.push(`p99 ${result.p99_ms} ms > ${requireP99} ms`);
  return faults;
}

export function idleFaults(result: IdleResult, requireBytes?: number): string[] {
  const faults: string[] = [];
  if (result.connected < result.connections) faults.push(`only ${result.connected} connections stayed`);
  if (requireBytes !== undefined && result.bytes_per_connection > requireBytes) {
    faults.push(`${result.bytes_per_connection} bytes a connection are more than ${requireBytes}`);
  }
  return faults;
}

export function replayFaults(result: ReplayResult, requireRate?: number): string[] {
  const faults: string[] = [];
  const { by_events, by_users, linear } = result;
  for (const { events, rebuilt, users } of [...by_events, ...by_users]) {
    if (rebuilt !== events) faults.push(`${rebuilt} of the ${events} events of ${users} users were derived`);
  }
  if (!linear.in_events) faults.push(`it does not grow in step with events: ${JSON.stringify(linear.by_events)}`);
  if (!linear.independent_of_users) faults.push(`it grows with users to the power of ${linear.users_exponent}`);
  if (requireRate !== undefined && result.events_per_s < requireRate) {
    faults.push(`${result.events_per_s} events a second are less than ${requireRate}`);
  }
  return faults;
}
