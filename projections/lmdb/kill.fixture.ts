/** A process that writes rows and checkpoints until it is killed: run by kill.test.ts, which says where. */

import { LmdbCheckpointStore } from './checkpoints.ts';
import { openProjectionEnv } from './env.ts';

const env = openProjectionEnv({ path: process.argv[2]! });
const rows = env.database('rows');
const checkpoints = new LmdbCheckpointStore(env);

for (let batch = 1; ; batch++) {
  await env.write(() => {
    for (let row = 0; row < 50; row++) {
      const key = Buffer.from(`${(batch * 7919) % 1_000}/${row}`);
      rows.putSync(key, Buffer.alloc(300, batch % 256));
    }
    rows.putSync(Buffer.from('batch'), Buffer.from(String(batch)));
  });
  await checkpoints.save('group', 'topic', 0, batch);
  if (batch % 100 === 0) process.stdout.write(`${batch}\n`);
}
