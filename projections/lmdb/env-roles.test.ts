import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from './env.fixture.ts';
import { type EnvRole, openProjectionEnv, type ProjectionEnv } from './env.ts';

const key = Buffer.from('key');

/** Two processes share an environment; here they come one after another, because LMDB does not let a process open one twice. */
describe('who opens the projections', () => {
  let folder = temporaryFolder();
  const opened: ProjectionEnv[] = [];
  const open = (role: EnvRole, bootId = 'boot-1'): ProjectionEnv => {
    const env = openProjectionEnv({ path: folder.path, bootId, role });
    opened.push(env);
    return env;
  };
  const marker = (name: string): string => join(folder.path, name);
  const write = (env: ProjectionEnv, value: string): Promise<void> => {
    const rows = env.database('rows');
    return env.write(() => rows.putSync(key, Buffer.from(value)));
  };
  /** As after a kill: what it told of its opening stays as it was. */
  const killed = async (env: ProjectionEnv, name: string): Promise<void> => {
    const left = readFileSync(marker(name));
    await env.close();
    writeFileSync(marker(name), left);
  };
  afterEach(async () => {
    for (const env of opened.splice(0)) await env.close();
    folder.remove();
    folder = temporaryFolder();
  });

  it('a reader sees what was written, writes nothing, and leaves no trace', async () => {
    const owner = open('owner');
    await write(owner, 'value');
    await killed(owner, 'opened.json');
    const before = readFileSync(marker('opened.json'), 'utf8');
    const reader = open('reader');
    expect(reader.database('rows').getBinary(key)?.toString()).toBe('value');
    expect(() => reader.database('nothing')).toThrow(/no database nothing/);
    await expect(write(reader, 'other')).rejects.toMatchObject({ code: 'unavailable' });
    await reader.close();
    expect(readFileSync(marker('opened.json'), 'utf8')).toBe(before);
    expect(existsSync(marker('guest.json'))).toBe(false);
  });

  it('a guest writes into what the owner has made, and vouches for itself alone', async () => {
    const owner = open('owner');
    await write(owner, 'of the owner');
    await killed(owner, 'opened.json');
    const guest = open('guest');
    await write(guest, 'of the guest');
    await guest.close();
    // The owner has not closed: after another boot nothing vouches for it.
    expect(() => open('reader', 'boot-2')).toThrow(/lost/);
    const again = open('owner');
    expect(again.found).toBe('sound');
    expect(again.database('rows').getBinary(key)?.toString()).toBe('of the guest');
  });

  it('rule 11: the machine stopped while a guest was writing: the store is lost, however well its owner had closed', async () => {
    const owner = open('owner');
    await write(owner, 'value');
    await owner.close();
    const guest = open('guest');
    await write(guest, 'half of it');
    await killed(guest, 'guest.json');
    const after = open('owner', 'boot-2');
    expect(after.found).toBe('lost');
    expect(after.database('rows').getBinary(key)).toBeUndefined();
    await after.close();
    expect(open('owner', 'boot-3').found).toBe('sound');
  });

  it('nobody but the owner makes a store, or throws one away', async () => {
    expect(() => open('guest')).toThrow(/absent/);
    expect(() => open('reader')).toThrow(/absent/);
    const owner = open('owner');
    await write(owner, 'value');
    await killed(owner, 'opened.json');
    expect(() => open('guest', 'boot-2')).toThrow(/lost/);
    expect(existsSync(join(folder.path, 'data.mdb'))).toBe(true);
  });
});
