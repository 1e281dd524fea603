import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimingWheel, type WheelNode } from './wheel.ts';

class Node implements WheelNode {
  wheelSlot = -1;
  wheelNext: WheelNode | null = null;
  wheelPrevious: WheelNode | null = null;
  readonly name: number;
  dueTick = -1;

  constructor(name: number) {
    this.name = name;
  }
}

describe('the timing wheel', () => {
  it('hands over every node at its tick and once, whatever is scheduled, moved and removed', () => {
    const command = fc.record({
      kind: fc.constantFrom('schedule', 'remove', 'tick'),
      node: fc.nat(9),
      ticks: fc.integer({ min: -1, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const wheel = new TimingWheel<Node>(16);
        const nodes = Array.from({ length: 10 }, (_, name) => new Node(name));
        let now = 0;
        for (const { kind, node: index, ticks } of commands) {
          const node = nodes[index]!;
          if (kind === 'schedule') {
            wheel.schedule(node, ticks);
            node.dueTick = now + Math.min(15, Math.max(1, ticks));
          } else if (kind === 'remove') {
            wheel.remove(node);
            node.dueTick = -1;
          } else {
            now++;
            const due: Node[] = [];
            wheel.advance((one) => due.push(one));
            const expected = nodes.filter((one) => one.dueTick === now);
            expect(due.map(({ name }) => name).sort()).toEqual(expected.map(({ name }) => name).sort());
            for (const one of due) one.dueTick = -1;
          }
        }
      }),
    );
  });

  it('lets a node be scheduled again while it is handed over', () => {
    const wheel = new TimingWheel<Node>(4);
    const node = new Node(1);
    wheel.schedule(node, 1);
    let times = 0;
    for (let tick = 0; tick < 10; tick++) {
      wheel.advance((one) => {
        times++;
        wheel.schedule(one, 1);
      });
    }
    expect(times).toBe(10);
  });
});
