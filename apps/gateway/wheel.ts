/**
 * A timing wheel: which connections are due, without a timer for each.
 *
 * One slot a tick, as many slots as the farthest due time needs; each slot is a doubly linked list through the nodes themselves,
 * so that scheduling and removing allocate nothing. A tick empties one slot. Due times are rounded up to a tick; what lies beyond
 * the last slot is put there and looked at early, which its owner must bear.
 */
export interface WheelNode {
  wheelSlot: number;
  wheelNext: WheelNode | null;
  wheelPrevious: WheelNode | null;
}

export class TimingWheel<N extends WheelNode> {
  readonly #slots: (WheelNode | null)[];
  #current = 0;

  constructor(slots: number) {
    this.#slots = new Array<WheelNode | null>(slots).fill(null);
  }

  /** Due after so many ticks, at least one. A node that is scheduled already is moved. */
  schedule(node: N, ticks: number): void {
    this.remove(node);
    const ahead = Math.min(Math.max(1, Math.ceil(ticks)), this.#slots.length - 1);
    const slot = (this.#current + ahead) % this.#slots.length;
    const head = this.#slots[slot]!;
    node.wheelSlot = slot;
    node.wheelNext = head;
    node.wheelPrevious = null;
    if (head !== null) head.wheelPrevious = node;
    this.#slots[slot] = node;
  }

  remove(node: N): void {
    if (node.wheelSlot < 0) return;
    const { wheelNext: next, wheelPrevious: previous } = node;
    if (next !== null) next.wheelPrevious = previous;
    if (previous !== null) previous.wheelNext = next;
    else this.#slots[node.wheelSlot] = next;
    node.wheelSlot = -1;
    node.wheelNext = null;
    node.wheelPrevious = null;
  }

  /** One tick: hands over every node that is due; it is no longer scheduled then. */
  advance(due: (node: N) => void): void {
    this.#current = (this.#current + 1) % this.#slots.length;
    for (;;) {
      const node = this.#slots[this.#current]!;
      if (node === null) return;
      this.remove(node as N);
      due(node as N);
    }
  }
}
