import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { describe, expect, it } from 'vitest';
import { Watching } from './watching.ts';

function make() {
  const time = new VirtualTime(0);
  const said: [string, readonly string[]][] = [];
  const failures: string[] = [];
  const watching = new Watching(
    {
      send: (name, { user_ids }) => {
        said.push([name, user_ids]);
        return true;
      },
      failed: (code) => void failures.push(code),
    },
    time,
  );
  const refuse = (code: string, retry_after_ms: number | null) =>
    watching.refused({ code, message: '', request_id: 0, message_id: null, retry_after_ms });
  return { time, said, failures, watching, refuse };
}

describe('whose presence is wanted', () => {
  it('is said after every reconnect, without whom nobody wants any more', () => {
    const { said, watching } = make();
    watching.connected();
    watching.watch(['ann', 'bob']);
    watching.unwatch(['ann']);
    watching.disconnected();
    watching.connected();
    expect(said).toEqual([
      ['watch', ['ann', 'bob']],
      ['unwatch', ['ann']],
      ['watch', ['bob']],
    ]);
  });

  it('is said again once for all that could not be done, when the server says', async () => {
    const { time, said, watching, refuse } = make();
    watching.watch(['ann']);
    watching.watch(['bob']);
    refuse('unavailable', 1_000);
    refuse('unavailable', 1_000);
    await time.advance(999);
    expect(said).toHaveLength(2);
    await time.advance(1);
    expect(said.slice(2)).toEqual([['watch', ['ann', 'bob']]]);
  });

  it('is not said again by a connection that is gone, nor where it never can be done', async () => {
    const { time, said, failures, watching, refuse } = make();
    watching.watch(['ann']);
    refuse('unavailable', 1_000);
    watching.disconnected();
    await time.advance(5_000);
    expect(said).toHaveLength(1);
    refuse('invalid_request', null);
    watching.connected();
    expect([said.length, failures]).toEqual([1, ['invalid_request']]);
  });
});
