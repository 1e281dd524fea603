/**
 * What became of sealed records: as they were sealed beside what the log holds now.
 *
 * First whatever stands at its offset unchanged is matched, then what stands elsewhere, by its digest. Of what stands elsewhere and went
 * past nothing that stayed, the longest run that kept its order was only renumbered (by a record removed or added before it); the others
 * were moved, which is "reordered". What is left over between two matched records is "changed" where both sides have one, else "removed" or "added".
 */
export interface Place {
  readonly offset: number;
  readonly digest: Buffer;
}

export interface Difference {
  readonly what: 'changed' | 'removed' | 'added' | 'reordered';
  /** Where it was sealed; for an added record where it stands. */
  readonly offset: number;
  /** Where a reordered record stands now. */
  readonly nowAt?: number;
}

export interface Alignment<A extends Place> {
  readonly differences: readonly Difference[];
  /** What is for later: the rest of both lists, without what was named as moved. */
  readonly expected: readonly Place[];
  readonly actual: readonly A[];
  /** By how much the last records that were judged stand from where they were sealed. */
  readonly shift: number;
}

interface Match {
  /** Index among the expected. */
  readonly expected: number;
  /** Index among the actual. */
  readonly actual: number;
}

interface Cut {
  readonly expected: number;
  readonly actual: number;
}

/**
 * @param actual the log's records from where the expected begin, and some behind where they end
 * @param more how many of the expected are left for later, when what follows them is known; all are judged if it is 0
 */
export function align<A extends Place>(
  expected: readonly Place[],
  actual: readonly A[],
  { shift, more }: { readonly shift: number; readonly more: number },
): Alignment<A> {
  const { staying, elsewhere } = matchesOf(expected, actual, shift);
  const matches = [...staying, ...elsewhere].sort((a, b) => a.expected - b.expected);
  const ordered = new Set([...staying, ...longestInOrder(elsewhere.filter((match) => !crosses(match, staying)))]);
  const moved = movedOf(matches, ordered, expected, actual);
  const kept = matches.filter((match) => !moved.has(match));
  const limit = expected.length - more;
  const last = kept.findLast((match) => match.expected < limit);
  const shiftNow = last === undefined ? shift : actual[last.actual]!.offset - expected[last.expected]!.offset;
  const cut = cutAt(expected, actual, { limit, more, last, shift: shiftNow });
  const judged = [...moved].filter((match) => match.expected < cut.expected || match.actual < cut.actual);
  const movedFrom = new Set(judged.map((match) => match.expected));
  const movedTo = new Set(judged.map((match) => match.actual));
  const gaps = new Gaps(expected, actual, movedFrom, movedTo);
  const reordered = judged.map((match): Difference => {
    return { what: 'reordered', offset: expected[match.expected]!.offset, nowAt: actual[match.actual]!.offset };
  });
  return {
    differences: [...reordered, ...gaps.between(kept, cut)].sort((a, b) => a.offset - b.offset),
    expected: expected.filter((_, index) => index >= cut.expected && !movedFrom.has(index)),
    actual: actual.filter((_, index) => index >= cut.actual && !movedTo.has(index)),
    shift: shiftNow,
  };
}

/** Behind the last match where more is to come: what lies behind it can be judged better later. */
function cutAt(
  expected: readonly Place[],
  actual: readonly Place[],
  at: { readonly limit: number; readonly more: number; readonly last: Match | undefined; readonly shift: number },
): Cut {
  const { limit, more, last, shift } = at;
  if (more > 0 && last !== undefined) return { expected: last.expected + 1, actual: last.actual + 1 };
  const endOffset = (more > 0 ? expected[limit]!.offset : expected.at(-1)!.offset + 1) + shift;
  let taken = last === undefined ? 0 : last.actual + 1;
  while (taken < actual.length && actual[taken]!.offset < endOffset) taken += 1;
  return { expected: limit, actual: taken };
}

/** Both in order of the expected. Those that stay are in order among the actual too. */
interface Matches {
  readonly staying: readonly Match[];
  readonly elsewhere: readonly Match[];
}

function matchesOf(expected: readonly Place[], actual: readonly Place[], shift: number): Matches {
  const at = new Map(actual.map(({ offset }, index) => [offset, index]));
  const staying: Match[] = [];
  const lost: number[] = [];
  expected.forEach(({ offset, digest }, index) => {
    const same = at.get(offset + shift);
    if (same !== undefined && actual[same]!.digest.equals(digest)) staying.push({ expected: index, actual: same });
    else lost.push(index);
  });
  const free = byDigest(actual, new Set(staying.map((match) => match.actual)));
  const elsewhere = lost.flatMap((index): Match[] => {
    const found = free.get(nameOf(expected[index]!))?.shift();
    return found === undefined ? [] : [{ expected: index, actual: found }];
  });
  return { staying, elsewhere };
}

const nameOf = ({ digest }: Place): string => digest.toString('latin1');

function byDigest(actual: readonly Place[], without: ReadonlySet<number>): Map<string, number[]> {
  const places = new Map<string, number[]>();
  actual.forEach((place, index) => {
    if (without.has(index)) return;
    const list = places.get(nameOf(place));
    if (list === undefined) places.set(nameOf(place), [index]);
    else list.push(index);
  });
  return places;
}

/** True if it went past a record that stayed. */
function crosses({ expected, actual }: Match, staying: readonly Match[]): boolean {
  let low = 0;
  let high = staying.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (staying[middle]!.expected < expected) low = middle + 1;
    else high = middle;
  }
  const before = staying[low - 1];
  const after = staying[low];
  return (before !== undefined && before.actual > actual) || (after !== undefined && after.actual < actual);
}

/** The longest subsequence whose actual places grow (patience sorting). */
function longestInOrder(matches: readonly Match[]): ReadonlySet<Match> {
  const tops: number[] = [];
  const before: number[] = [];
  matches.forEach(({ actual }, index) => {
    let low = 0;
    let high = tops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (matches[tops[middle]!]!.actual < actual) low = middle + 1;
      else high = middle;
    }
    before[index] = low > 0 ? tops[low - 1]! : -1;
    tops[low] = index;
  });
  const chosen = new Set<Match>();
  for (let at = tops.at(-1) ?? -1; at >= 0; at = before[at]!) chosen.add(matches[at]!);
  return chosen;
}

/** Those out of order; and of two that changed places both, though either alone would explain it. */
function movedOf(
  matches: readonly Match[],
  ordered: ReadonlySet<Match>,
  expected: readonly Place[],
  actual: readonly Place[],
): Set<Match> {
  const moved = new Set(matches.filter((match) => !ordered.has(match)));
  const left = new Map([...moved].map((match) => [expected[match.expected]!.offset, match]));
  for (const match of ordered) {
    const here = expected[match.expected]!.offset;
    const now = actual[match.actual]!.offset;
    const other = now === here ? undefined : left.get(now);
    if (other !== undefined && actual[other.actual]!.offset === here) moved.add(match);
  }
  return moved;
}

/** Walks the gaps between matched records. */
class Gaps {
  readonly #expected: readonly Place[];
  readonly #actual: readonly Place[];
  readonly #movedFrom: ReadonlySet<number>;
  readonly #movedTo: ReadonlySet<number>;

  constructor(
    expected: readonly Place[],
    actual: readonly Place[],
    movedFrom: ReadonlySet<number>,
    movedTo: ReadonlySet<number>,
  ) {
    this.#expected = expected;
    this.#actual = actual;
    this.#movedFrom = movedFrom;
    this.#movedTo = movedTo;
  }

  between(kept: readonly Match[], cut: Cut): Difference[] {
    const differences: Difference[] = [];
    let expected = 0;
    let actual = 0;
    for (const match of [...kept.filter((one) => one.expected < cut.expected), cut]) {
      differences.push(...this.#gap(expected, match.expected, actual, match.actual));
      expected = match.expected + 1;
      actual = match.actual + 1;
    }
    return differences;
  }

  #gap(fromExpected: number, toExpected: number, fromActual: number, toActual: number): Difference[] {
    const sealed = indices(fromExpected, toExpected, this.#movedFrom).map((index) => this.#expected[index]!.offset);
    const found = new Set(indices(fromActual, toActual, this.#movedTo).map((index) => this.#actual[index]!.offset));
    const differences: Difference[] = [];
    const unpaired: number[] = [];
    for (const offset of sealed) {
      if (found.delete(offset)) differences.push({ what: 'changed', offset });
      else unpaired.push(offset);
    }
    const others = [...found];
    for (const offset of unpaired) {
      // Renumbered and changed: whatever stands between the same two neighbours is taken for it.
      differences.push({ what: others.shift() === undefined ? 'removed' : 'changed', offset });
    }
    for (const offset of others) differences.push({ what: 'added', offset });
    return differences;
  }
}

function indices(from: number, to: number, without: ReadonlySet<number>): number[] {
  const all: number[] = [];
  for (let index = from; index < to; index++) if (!without.has(index)) all.push(index);
  return all;
}
