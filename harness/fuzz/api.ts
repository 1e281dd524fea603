/**
 * `npm run fuzz [-- --examples N --seed N --json]`: thousands of odd requests against the API of a standalone Parley.
 *
 * It fails on a 5xx, on an answer that the description does not have, on a wrong request that is taken, and on a warning or an error
 * in the log: whatever a caller sends, the server must have expected it.
 */
import { AccountApi } from '@parley/sdk/account';
import { Command } from 'commander';
import { buildAll } from '../world/build.ts';
import { Standalone } from '../world/standalone.ts';
import { fuzz } from './schemathesis.ts';

const program = new Command('fuzz')
  .option('--examples <count>', 'requests for each operation and phase', '30')
  .option('--seed <number>', 'tries other requests than the last time')
  .option('--json', 'print one JSON object as the last line');
program.parse();
const { examples, seed, json } = program.opts<{ examples: string; seed?: string; json?: boolean }>();

/** pino's number for warnings. */
const warning = 40;
const phoneNumber = '+41790000077';
const say = (line: string): void => {
  if (json === true) console.error(line);
  else console.log(line);
};

await buildAll();
const logged: string[] = [];
const server = await Standalone.create({
  onLog: (line) => {
    if ((line.level ?? 0) >= warning) logged.push(JSON.stringify(line));
  },
});
let result = { passed: 0, failed: 1 };
try {
  await server.start({ PARLEY_CALLS_PER_USER_PER_MINUTE: '1000000' });
  const api = new AccountApi(server.apiUrl);
  const code = await api.requestCode(phoneNumber);
  const device = { name: 'fuzz', platform: 'web', keyBundle: Uint8Array.of(1, 2, 3), pushToken: null } as const;
  const { accessToken } = await api.verify(phoneNumber, code ?? '', 'Fuzz', device);
  const options = { apiUrl: server.apiUrl, accessToken, maxExamples: Number(examples), say };
  result = await fuzz({ ...options, seed: seed === undefined ? null : Number(seed) });
} finally {
  await server.close();
}
for (const line of logged.slice(0, 20)) say(`logged: ${line.slice(0, 500)}`);
const { passed } = result;
const failed = result.failed + (logged.length > 0 ? 1 : 0);
if (json === true) console.log(JSON.stringify({ passed, failed }));
else say(`${passed} operations passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
