import { defineConfig } from 'vitest/config';

const source = ['parley-source', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions: source },
  ssr: { resolve: { conditions: source } },
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/var/**', '**/*.cluster.test.ts', '**/*.browser.test.ts'],
    pool: 'forks',
  },
});
