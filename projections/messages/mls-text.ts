/** The clear header of an MLS message, as both stores hold it: JSON with its members in one order, so that equal headers are equal bytes. */
import type { MlsHeader } from '@parley/schemas/generated/events';

export function mlsText({ kind, group_id, generation, epoch, after_seq, recipient_id }: MlsHeader): string {
  return JSON.stringify({ kind, group_id: group_id.toString('base64'), generation, epoch, after_seq, recipient_id });
}

export function mlsOfText(text: string): MlsHeader {
  const { group_id, ...header } = JSON.parse(text) as Omit<MlsHeader, 'group_id'> & { group_id: string };
  return { ...header, group_id: Buffer.from(group_id, 'base64') };
}
