import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@parley/schemas/environment/system';
import { EmbeddedGenerationAccess } from '../generations/access.embedded.ts';
import { rebuildContract } from './rebuild.contract.ts';

rebuildContract(
  'lmdb',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-replay-'));
    const access = new EmbeddedGenerationAccess(folder, systemClock);
    return {
      access,
      close: async () => {
        await access.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
  { kills: 40 },
);
