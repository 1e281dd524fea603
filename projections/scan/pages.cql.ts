/** A table from end to end, a page at a time; a page that is not answered is asked for again where it was. */
import { pause, type Timers } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { types } from 'cassandra-driver';
import { type CqlConnection, isPermanent } from '../cql/connection.ts';

const attempts = 30;
const pauseMs = 500;

/** @throws ParleyError `unavailable` */
export async function* pagesOf(
  { client }: Pick<CqlConnection, 'client'>,
  timers: Timers,
  query: string,
  pageRows: number,
): AsyncGenerator<readonly types.Row[]> {
  let pageState: string | undefined;
  do {
    const page = await ask(timers, () =>
      client.execute(query, [], {
        prepare: true,
        fetchSize: pageRows,
        ...(pageState === undefined ? {} : { pageState }),
      }),
    );
    yield page.rows;
    pageState = page.pageState ?? undefined;
  } while (pageState !== undefined);
}

async function ask(timers: Timers, question: () => Promise<types.ResultSet>): Promise<types.ResultSet> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await question();
    } catch (error) {
      if (isPermanent(error)) throw new ParleyError('internal', { detail: 'cql', cause: error });
      if (attempt >= attempts) throw new ParleyError('unavailable', { detail: 'cql', cause: error });
    }
    await pause(timers, pauseMs);
  }
}
