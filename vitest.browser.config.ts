/** Tests that need Chromium: they drive it from Node through playwright-core. */
import { defineConfig } from 'vitest/config';

// `import` and `require` must not be named here: Node would apply both to every package, and load the wrong files.
const source = ['parley-source', 'node'];

export default defineConfig({
  resolve: { conditions: source },
  ssr: { resolve: { conditions: source } },
  test: {
    include: ['**/*.browser.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/var/**'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
  },
});
