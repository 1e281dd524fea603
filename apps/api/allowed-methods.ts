/**
 * Tells a path that nobody knows (404) from one that is there under other methods (405, with Allow), as RFC 9110 section 15.5.6 wants.
 *
 * It remembers every route as it is registered, and matches paths against them only when the router has found nothing.
 */
import type { FastifyInstance } from 'fastify';

interface KnownRoute {
  readonly path: RegExp;
  readonly methods: readonly string[];
}

/** A function that lists the methods of a path; it must be made before the routes are. */
export function rememberMethods(app: FastifyInstance): (path: string) => string[] {
  const known: KnownRoute[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    // A wildcard is no resource: it answers preflights for all of them.
    if (url.includes('*')) return;
    const pattern = url.replaceAll(/[.\\+^$()[\]{}|?]/g, '\\$&').replaceAll(/:\w+/g, '[^/]+');
    known.push({ path: new RegExp(`^${pattern}$`), methods: [method].flat() });
  });
  return (path) => {
    const methods = known.filter((route) => route.path.test(path)).flatMap((route) => route.methods);
    return [...new Set(methods)].sort();
  };
}
