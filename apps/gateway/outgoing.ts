/** A frame on its way to one or many connections: its JSON form is made once, for the first connection that speaks JSON. */
import { toJsonFrame } from '@parley/schemas/codec/frame-codec';

export class Outgoing {
  readonly avro: Buffer;
  #json: string | null = null;

  constructor(avro: Buffer) {
    this.avro = avro;
  }

  get json(): string {
    this.#json ??= toJsonFrame(this.avro);
    return this.#json;
  }
}
