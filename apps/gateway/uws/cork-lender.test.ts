import { describe, expect, it } from 'vitest';
import { CorkLender } from './cork-lender.ts';

/** As in uWebSockets.js: one holds the cork, and a cork while another holds it only calls its handler. */
class Loop {
  corked: string | null = null;
  readonly upgraded: (string | null)[] = [];
  readonly upgrade = (): void => {
    this.upgraded.push(this.corked);
  };

  socket(name: string) {
    return {
      cork: (run: () => void): never => {
        const held = this.corked;
        this.corked ??= name;
        run();
        this.corked = held;
        return undefined as never;
      },
    };
  }
}

describe('an upgrade', () => {
  const loop = new Loop();
  const [one, other, response] = ['one', 'other', 'response'].map((name) => loop.socket(name));

  it('happens while an open WebSocket holds the cork, not the response, which would be closed by mistake', () => {
    const lender = new CorkLender();
    const run = (): void => lender.run(response!, loop.upgrade);
    run();
    lender.opened(one!);
    lender.opened(other!);
    run();
    lender.closed(one!);
    run();
    lender.heard(other!);
    run();
    expect(loop.upgraded).toEqual(['response', 'one', 'response', 'other']);
    expect(loop.corked).toBeNull();
  });
});
