/** Enumerations as one byte each. New symbols go to the end: the byte is stored. */
import { invariant } from '@parley/schemas/errors/invariant';
import type { MemberRole, MessageType, ReceiptKind } from '@parley/schemas/generated/events';
import type { ConversationType } from '@parley/schemas/generated/state';

export class EnumBytes<Symbol extends string> {
  readonly #symbols: readonly Symbol[];

  /** The record's type makes the compiler see that no symbol was left out. */
  constructor(bytes: Readonly<Record<Symbol, number>>) {
    const symbols: Symbol[] = [];
    for (const [symbol, byte] of Object.entries(bytes) as Array<[Symbol, number]>) symbols[byte] = symbol;
    this.#symbols = symbols;
  }

  toByte(symbol: Symbol): number {
    const byte = this.#symbols.indexOf(symbol);
    invariant(byte >= 0, `${symbol} is a known symbol`);
    return byte;
  }

  fromByte(byte: number): Symbol {
    const symbol = this.#symbols[byte];
    invariant(symbol !== undefined, `${byte} is the byte of a symbol`);
    return symbol;
  }
}

export const messageTypes = new EnumBytes<MessageType>({
  text: 0,
  image: 1,
  video: 2,
  audio: 3,
  document: 4,
  edit: 5,
  delete: 6,
  reaction: 7,
  mls: 8,
  system: 9,
});

export const conversationTypes = new EnumBytes<ConversationType>({ one_on_one: 0, group: 1 });

export const memberRoles = new EnumBytes<MemberRole>({ member: 0, admin: 1 });

export const receiptKinds = new EnumBytes<ReceiptKind>({ delivered: 0, read: 1 });
