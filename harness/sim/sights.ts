/** Which messages reached a device, read from the frames on its wire: also those that its application was never given. */
import { decodeFrame, frameCodes } from '@parley/schemas/codec/frame-codec';
import type { RecordedSight } from '../checks/history.ts';
import type { Device } from './processes/device.ts';

/** A refusal that an application was told of. */
export interface ToldRefusal {
  readonly device: Device;
  readonly conversationId: string;
  readonly messageId: string;
  readonly code: string;
}

export class Sights {
  readonly refusals: ToldRefusal[] = [];
  readonly #seen = new Map<string, RecordedSight>();

  frame(device: Device, bytes: Uint8Array): void {
    const code = bytes[0];
    if (code !== frameCodes.message && code !== frameCodes.page && code !== frameCodes.refused) return;
    const frame = decodeFrame(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (frame.name === 'message')
      this.#add(device, frame.body.message.conversation_id, frame.body.message.seq, 'frame');
    if (frame.name === 'refused') {
      const { conversation_id: conversationId, message_id: messageId, code } = frame.body;
      this.refusals.push({ device, conversationId, messageId, code });
    }
    if (frame.name !== 'page') return;
    for (const { conversation_id, seq } of frame.body.messages) this.#add(device, conversation_id, seq, 'page');
  }

  #add({ name }: Device, conversationId: string, seq: number, by: 'frame' | 'page'): void {
    const key = `${name}/${conversationId}/${seq}/${by}`;
    if (!this.#seen.has(key)) this.#seen.set(key, { deviceId: name, conversationId, seq, by });
  }

  all(): readonly RecordedSight[] {
    return [...this.#seen.values()];
  }
}
