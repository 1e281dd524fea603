/** What a system message tells, as both stores hold it: JSON with its members in one order, so that equal changes are equal bytes. */
import type { SystemChange } from '@parley/schemas/generated/wire';

export function systemText({ kind, actor_id, user_ids, text }: SystemChange): string {
  return JSON.stringify({ kind, actor_id, user_ids, text });
}

export function systemOfText(text: string): SystemChange {
  return JSON.parse(text) as SystemChange;
}
