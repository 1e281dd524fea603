/** `npm start`: all of Parley in one process, in the foreground, with its data in var/standalone. */
import { join } from 'node:path';
import { repository } from '../test/program.ts';
import { buildAll } from '../world/build.ts';
import { appMain } from '../world/standalone.ts';
import { Foreground } from './foreground.ts';
import { howToTry } from './how-to-try.ts';

/** The process's own defaults, said here because they are printed; the environment may change each. */
const env: Record<string, string | undefined> = {
  NODE_ENV: 'development',
  PARLEY_DATA_DIR: join(repository, 'var', 'standalone'),
  PARLEY_API_HOST: '127.0.0.1',
  PARLEY_API_PORT: '8080',
  PARLEY_GATEWAY_HOST: '127.0.0.1',
  PARLEY_GATEWAY_PORTS: '8081,8082',
  PARLEY_OPERATIONS_HOST: '127.0.0.1',
  PARLEY_OPERATIONS_PORT: '9090',
  ...process.env,
};

console.log('building …');
await buildAll();
const foreground = new Foreground();
await foreground.start([{ name: 'standalone', main: appMain('standalone'), env }]);
console.log(
  howToTry({
    api: Number(env['PARLEY_API_PORT']),
    gateways: env['PARLEY_GATEWAY_PORTS']!.split(',').map(Number),
    operations: [`http://127.0.0.1:${env['PARLEY_OPERATIONS_PORT']}`],
  }),
);
