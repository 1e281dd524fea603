/** The story of a message as lines for people. */
import type { FoundLetter } from './dead-letters.ts';
import type { TracedDevice } from './devices.ts';
import type { Projected } from './projected.ts';
import type { Appended } from './verdicts.ts';

interface Described {
  readonly message_id: string;
  readonly conversation_id: string;
  readonly appended: ReadonlyArray<Appended & { readonly gateway_id: string | null }>;
  readonly accepted: { readonly seq: number; readonly at_ms: number } | null;
  readonly halted: { readonly offset: number; readonly code: string } | null;
  readonly projected: Projected | null;
  readonly members: number;
  readonly devices: readonly TracedDevice[];
  readonly members_without_device: readonly string[];
  readonly dead: readonly FoundLetter[];
  readonly not_read: readonly string[];
  readonly not_recorded: readonly string[];
}

const time = (ms: number): string => new Date(ms).toISOString();

export function describeTrace(story: Described): string[] {
  return [
    `message ${story.message_id} in conversation ${story.conversation_id}`,
    ...story.appended.flatMap(appendedLines),
    ...(story.halted === null
      ? []
      : [`decided: the partition waits at offset ${story.halted.offset} (${story.halted.code}); nothing after it is`]),
    ...projectedLines(story.projected),
    ...(story.accepted === null ? [] : [`for ${story.members} members:`]),
    ...story.devices.map(({ user_id, device_id, fate }) => `  device ${device_id} of ${user_id} ${fate}`),
    ...story.members_without_device.map((userId) => `  member ${userId}: no device is known here`),
    ...story.dead.map(
      (one) =>
        `dead: ${one.topic}/${one.partition}/${one.offset} at ${time(one.buried_at_ms)}: ${one.code} ${one.detail}`,
    ),
    ...story.not_read.map((what) => `not read: ${what}`),
    ...story.not_recorded.map((what) => `not recorded: ${what}`),
  ];
}

function appendedLines(one: Described['appended'][number]): string[] {
  const by = one.sender_device_id === null ? '' : ` by device ${one.sender_device_id} of ${one.sender_id}`;
  const through = one.gateway_id === null ? '' : `, which was connected to ${one.gateway_id}`;
  return [
    `appended: ${one.topic}/${one.partition}/${one.offset} at ${time(one.at_ms)}${by}${through}`,
    `decided: ${one.verdict}`,
  ];
}

function projectedLines(projected: Projected | null): string[] {
  if (projected === null) return [];
  const { message_row: row, inbox_rows, inbox_behind } = projected;
  const message =
    row === null ? 'no message row' : `a message row (bucket ${row.bucket}.${row.sub_bucket}, #${row.seq})`;
  const behind = inbox_behind.length === 0 ? '' : `; those of ${inbox_behind.join(', ')} lack it`;
  return [`projected: ${message}, and ${inbox_rows} inbox rows count it${behind}`];
}
