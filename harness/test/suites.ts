/** The suites of `npm test`, quick ones first. */
import { BrowserNeed, ChaosNeed, FuzzerNeed, NativeServicesNeed, ServicesNeed } from './needs.ts';
import { commandSuite, jsonSuite } from './program-suites.ts';
import type { Suite } from './suite.ts';
import { vitestSuite } from './vitest-suite.ts';

const minutes = (count: number) => count * 60_000;

const services = new ServicesNeed();
const nativeServices = new NativeServicesNeed();
const browser = new BrowserNeed();
const fuzzer = new FuzzerNeed();
const chaosTools = new ChaosNeed();

/** A few that nearly any seed notices: the simulator still sees defects. All of them take some ten minutes. */
const quickMutants = 'a retry goes under a new id|a removal is applied late|committed before the projection';

export const suites: readonly Suite[] = [
  commandSuite({ name: 'lint', limitMs: minutes(2), args: ['biome', 'check', '--error-on-warnings', '.'] }),
  commandSuite({ name: 'build', limitMs: minutes(5), args: ['turbo', 'run', 'build', '--output-logs=errors-only'] }),
  vitestSuite({ name: 'unit', limitMs: minutes(8), config: 'vitest.config.ts' }),
  jsonSuite({ name: 'simulator', limitMs: minutes(6), args: ['harness/sim/cli.ts', '--seeds', '200', '--json'] }),
  jsonSuite({
    name: 'simulator mutants',
    limitMs: minutes(3),
    args: ['harness/sim/cli.ts', '--mutants', '--only', quickMutants, '--seeds', '20', '--json'],
  }),
  jsonSuite({
    name: 'scenarios embedded',
    limitMs: minutes(8),
    args: ['harness/scenarios/run.ts', '--profile', 'embedded', '--json'],
  }),
  jsonSuite({
    name: 'crash embedded',
    limitMs: minutes(3),
    args: ['harness/crash/run.ts', '--profile', 'embedded', '--json'],
  }),
  jsonSuite({
    name: 'inspect embedded',
    limitMs: minutes(4),
    args: ['harness/inspect/run.ts', '--profile', 'embedded', '--json'],
  }),
  jsonSuite({
    name: 'generations embedded',
    limitMs: minutes(6),
    args: ['harness/generations/run.ts', '--profile', 'embedded', '--json'],
  }),
  vitestSuite({
    name: 'services',
    limitMs: minutes(4),
    config: 'vitest.cluster.config.ts',
    args: ['harness/services'],
    needs: [nativeServices],
  }),
  vitestSuite({
    name: 'cluster',
    limitMs: minutes(13),
    config: 'vitest.cluster.config.ts',
    args: ['--exclude=harness/services/**'],
    needs: [services],
  }),
  jsonSuite({
    name: 'scenarios cluster',
    limitMs: minutes(12),
    args: ['harness/scenarios/run.ts', '--profile', 'cluster', '--json'],
    needs: [services],
  }),
  jsonSuite({
    name: 'inspect cluster',
    limitMs: minutes(5),
    args: ['harness/inspect/run.ts', '--profile', 'cluster', '--json'],
    needs: [services],
  }),
  jsonSuite({
    name: 'crash cluster',
    limitMs: minutes(12),
    args: ['harness/crash/run.ts', '--profile', 'cluster', '--json'],
    needs: [nativeServices],
  }),
  jsonSuite({
    name: 'chaos embedded',
    limitMs: minutes(3),
    args: ['harness/chaos/run.ts', '--profile', 'embedded', '--faults', '10', '--seed', '1', '--json'],
    needs: [chaosTools],
  }),
  jsonSuite({
    name: 'chaos cluster',
    limitMs: minutes(8),
    args: ['harness/chaos/run.ts', '--profile', 'cluster', '--faults', '50', '--seed', '1', '--json'],
    needs: [nativeServices, chaosTools],
  }),
  jsonSuite({
    name: 'generations cluster',
    limitMs: minutes(10),
    args: ['harness/generations/run.ts', '--profile', 'cluster', '--json'],
    needs: [nativeServices],
  }),
  jsonSuite({ name: 'fuzz', limitMs: minutes(3), args: ['harness/fuzz/api.ts', '--json'], needs: [fuzzer] }),
  vitestSuite({ name: 'browser', limitMs: minutes(4), config: 'vitest.browser.config.ts', needs: [browser] }),
];
