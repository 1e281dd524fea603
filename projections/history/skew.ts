/** How far a row's ULID time may lie from its T, and how much further readers look (design rules 3, 12 and 13). */

/** The widest window of any version of the rules: a test holds it against them. */
export const idSkewMs = 30_000;

/** A fetch begins so long before its cursor's T. */
export const fetchMarginMs = 90_000;

/** A page of history begins so long after the T that it is asked before. */
export const historyMarginMs = 60_000;

/** How far around the cursor's T a first, hopeful read looks. */
export const nearMarginMs = 2_000;
