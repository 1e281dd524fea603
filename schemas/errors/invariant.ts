/** Assertions that stay on in production: what must be true where it must be true. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`invariant violated: ${what}`);
}
