/** Tests that need nothing but Node. */
import { defineConfig } from 'vitest/config';

// `import` and `require` must not be named here: Node would apply both to every package, and load the wrong files.
const source = ['parley-source', 'node'];

export default defineConfig({
  resolve: { conditions: source },
  ssr: { resolve: { conditions: source } },
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/var/**', '**/*.cluster.test.ts', '**/*.browser.test.ts'],
    pool: 'forks',
    // No module of ours holds state of its own, so files need not load all of them anew: that took most of the time.
    isolate: false,
    // A limit for what hangs; how fast things are is measured by benchmarks.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
