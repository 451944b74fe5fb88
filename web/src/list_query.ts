// What the pages with lists of thousands have in common of their queries: kept in the address, read from it. Pure.

export const PAGE_ROWS = 100;
/** Of a search, as the servers take it. */
export const SEARCH_MAX = 200;
const OFFSET_MAX = 1_000_000;

/** One of the words, or null. */
export function wordOf<Word extends string>(text: string | null, words: readonly Word[]): Word | null {
  return words.find((word) => word === text) ?? null;
}

/** The first row of a page; what is none is the first page. */
export function offsetOf(text: string | null): number {
  const offset = Number(text ?? 0);
  return Number.isSafeInteger(offset) && offset > 0 && offset <= OFFSET_MAX ? offset - (offset % PAGE_ROWS) : 0;
}

/** "#a=b", or nothing. */
export function hashOf(to: URLSearchParams): string {
  const text = to.toString();
  return text ? `#${text}` : '';
}

/** Another choice begins at the first page. */
export function changed<Query extends { offset: number }>(query: Query, change: Partial<Query>): Query {
  return { ...query, offset: 0, ...change };
}
