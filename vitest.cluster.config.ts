/** Tests that need the services of `npm run cluster:up`: one file at a time, because they share them and two cores. */
import { defineConfig } from 'vitest/config';

// `import` and `require` must not be named here: Node would apply both to every package, and load the wrong files.
const source = ['parley-source', 'node'];

export default defineConfig({
  resolve: { conditions: source },
  ssr: { resolve: { conditions: source } },
  test: {
    include: ['**/*.cluster.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/var/**'],
    pool: 'forks',
    fileParallelism: false,
    // As for the unit tests: no module of ours holds state of its own.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    passWithNoTests: true,
  },
});
