/** Who asks the admin API: known by a token of their own, compared in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks the admin API; null on the public one. */
    operator: string | null;
  }
}

export interface Operator {
  readonly name: string;
  readonly token: string;
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();
const bearer = /^Bearer ([^\s]+)$/i;

export class Operators {
  readonly #known: readonly { readonly name: string; readonly hash: Buffer }[];

  constructor(operators: readonly Operator[]) {
    this.#known = operators.map(({ name, token }) => ({ name, hash: hashOf(token) }));
  }

  /** The operator's name; null for anybody else. Every token is compared, whichever it is. */
  nameOf(authorization: string | undefined): string | null {
    const token = bearer.exec(authorization ?? '')?.[1];
    if (token === undefined) return null;
    const hash = hashOf(token);
    let found: string | null = null;
    for (const one of this.#known) if (timingSafeEqual(one.hash, hash)) found = one.name;
    return found;
  }
}

/** @throws ParleyError `unauthenticated` */
export function operatorOf({ operator }: FastifyRequest): string {
  if (operator === null) throw new ParleyError('unauthenticated');
  return operator;
}
