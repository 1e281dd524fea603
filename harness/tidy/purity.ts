/**
 * The pure core: everything in schemas, streams, projections and apps that is not listed here as an edge has neither
 * clock, timers, randomness, network nor environment of its own, so that a simulator can run the very same code.
 */
import { importsOf, packageOf } from './imports.ts';
import { isTest, matches, type Rule, type SourceFile, type Violation } from './source-file.ts';

const coreFolders = /^(schemas|streams|projections|apps)\/.*\.ts$/;

/** Names of what is outside: a file whose path has one of these words is an adapter to it. */
const adapterWords = new Set([
  ...['kafka', 'lmdb', 'grpc', 'cql', 'redis', 'postgres', 'pglite', 'sql', 'embedded', 'uws'],
]);

/** Files at the edge whose name does not say so, each with its reason. */
export const edges: Readonly<Record<string, string>> = {
  'schemas/environment/system.ts': 'it is the real clock, timers and randomness',
  'schemas/history/files.ts': 'reads and writes the committed history of schemas',
  'schemas/registry/confluent-api.ts': 'speaks HTTP to the schema registry',
  'streams/delivery/delivery-schema.ts': 'loads delivery.proto for the gRPC adapter',
  'schemas/pages/pages.ts': 'writes the tables of the documentation from the schemas',
  'projections/directory/token-keys.ts': 'makes and reads the file of signing keys when a main starts',
  'apps/api/api.ts': 'builds the HTTP server',
  'apps/api/admin/admin.ts': 'builds the HTTP server of operators',
  'apps/runtime/clock.ts': 'hands the real clock to the mains',
  'projections/directory/open.ts': 'opens one of the two SQL adapters',
  'apps/runtime/config.ts': 'reads secrets from the files that the environment names',
  'apps/runtime/logger.ts': 'builds the logger of a main',
  'apps/replay/cli/open-cell.ts': 'opens the adapters of a cell',
  'apps/replay/export/files.ts': 'writes the files of an export',
  'apps/replay/commands/audit.ts': 'reads the file of hashes that were kept elsewhere',
  'apps/runtime/operations.ts': 'serves health, readiness and metrics over HTTP',
};

/** Mains read the environment and build adapters; that is what they are for. */
const isMain = (path: string) => /(^|\/)(main|cli|generate|commit)\.ts$/.test(path);

export function isPureCore(path: string): boolean {
  if (!coreFolders.test(path) || isTest(path) || isMain(path) || path in edges) return false;
  return !path.split(/[/.-]/).some((word) => adapterWords.has(word));
}

const impureCalls: readonly RegExp[] = [
  /\bDate\.now\b/,
  /\bnew Date(?=\s*\(\s*\)|\s*[^\s(<\w])/,
  /(?<![.\w])(?<!new )Date\(\s*\)/,
  /\bMath\.random\b/,
  /\bperformance\.\w+/,
  /\bprocess\.(env|hrtime|argv|exit|on|cwd|uptime|memoryUsage|cpuUsage)\b/,
  /(?<![.\w])(setTimeout|setInterval|setImmediate)\b/,
  /(\b(await|return|void|yield)|[=(,>:?!&|[])\s*fetch\s*\(/, // Not the declaration of a method with that name.
  /\bnew (WebSocket|XMLHttpRequest|EventSource|Worker)\b/,
  /\b(randomUUID|randomBytes|randomInt|randomFill|randomFillSync|getRandomValues)\b/,
];

const impureModules = new Set([
  ...['net', 'tls', 'http', 'https', 'http2', 'dns', 'dgram', 'fs', 'os', 'child_process', 'worker_threads', 'cluster'],
  ...['timers', 'fs/promises', 'timers/promises', 'dns/promises', 'perf_hooks'],
]);

const impurePackages = new Set([
  ...['kafkajs', 'lmdb', 'ioredis', 'pg', 'cassandra-driver', '@grpc/grpc-js', '@grpc/proto-loader'],
  ...['@electric-sql/pglite', 'ws', 'uWebSockets.js', 'fastify', 'firebase-admin', '@parse/node-apn'],
]);

export const pureCore: Rule = (files) => files.filter((file) => isPureCore(file.path)).flatMap(impuritiesOf);

function impuritiesOf(file: SourceFile): Violation[] {
  const imports = importsOf(file)
    .filter(({ typeOnly }) => !typeOnly)
    .filter(({ specifier }) => isImpureImport(specifier))
    .map(({ specifier, line }) => ({ path: file.path, line, found: `import ${specifier}` }));
  return [...imports, ...drawnIds(file), ...impureCalls.flatMap((call) => matches(file, file.code, call))];
}

/** Ids by chance or by time: pure only when both are handed in, as `v4({ random })` and `v7({ random, msecs })`. */
function drawnIds(file: SourceFile): Violation[] {
  const names = importsOf(file)
    .filter(({ specifier }) => specifier === 'uuid')
    .map(({ names }) => names)
    .join(',');
  return [...names.matchAll(/\bv([1467])\b(?:\s+as\s+(\w+))?/g)].flatMap((match) => {
    const [, version, alias = `v${version}`] = match;
    const handedIn = version === '4' ? 'random' : 'msecs';
    return matches(file, file.code, new RegExp(`(?<![.\\w])${alias}\\((?!\\s*\\{[^}]*\\b${handedIn}\\b)`));
  });
}

function isImpureImport(specifier: string): boolean {
  if (specifier.startsWith('node:')) return impureModules.has(specifier.slice('node:'.length));
  return isSystem(specifier) || impurePackages.has(packageOf(specifier));
}

const isSystem = (specifier: string) =>
  /(^@parley\/schemas\/environment|\/environment|^\.)\/system(\.ts)?$/.test(specifier);

/** The real clock and randomness are chosen in mains and tests; adapters get them handed in like everything else. */
export const systemOnlyInMains: Rule = (files) =>
  files
    .filter(({ path }) => coreFolders.test(path) && !isTest(path) && !isMain(path) && !(path in edges))
    .flatMap((file) =>
      importsOf(file)
        .filter(({ specifier, typeOnly }) => !typeOnly && isSystem(specifier))
        .map(({ specifier, line }) => ({ path: file.path, line, found: `import ${specifier}` })),
    );

/** An entry for a file that is gone, or that would pass without it, is out of date. */
export function staleEdges(files: readonly SourceFile[]): string[] {
  return Object.keys(edges).filter((path) => {
    const file = files.find((candidate) => candidate.path === path);
    return file === undefined || impuritiesOf(file).length === 0;
  });
}
