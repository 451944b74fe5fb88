// What the page shows of thousands of sets: search, filter, order, page and the opened row. Kept in the address, so that
// a reload and a link show the same. Pure.
import { hashOf, offsetOf, PAGE_ROWS, SEARCH_MAX, wordOf } from '../list_query';
import type { SetState } from './api';

export { changed, PAGE_ROWS } from '../list_query';

export type Order = 'name' | 'state' | 'epoch' | 'changed';

export interface Query {
  q: string;
  state: SetState | null;
  sort: Order;
  offset: number;
  /** Name of the opened set; empty: none. */
  open: string;
}

export const ELECTIONS = 30;
export const FIRST: Query = { q: '', state: null, sort: 'state', offset: 0, open: '' };

const STATES: readonly SetState[] = ['healthy', 'degraded', 'no_master', 'new'];
const ORDERS: readonly Order[] = ['name', 'state', 'epoch', 'changed'];

/** Of the address after "#"; what makes no sense there is as if it were absent. */
export function parseHash(hash: string): Query {
  const from = new URLSearchParams(hash.replace(/^#/, ''));
  return {
    q: (from.get('q') ?? '').slice(0, SEARCH_MAX),
    state: wordOf(from.get('state'), STATES),
    sort: wordOf(from.get('sort'), ORDERS) ?? FIRST.sort,
    offset: offsetOf(from.get('offset')),
    open: from.get('open') ?? '',
  };
}

export function toHash(query: Query): string {
  const to = new URLSearchParams();
  if (query.q) to.set('q', query.q);
  if (query.state) to.set('state', query.state);
  if (query.sort !== FIRST.sort) to.set('sort', query.sort);
  if (query.offset > 0) to.set('offset', String(query.offset));
  if (query.open) to.set('open', query.open);
  return hashOf(to);
}

export function listPath(query: Query): string {
  const to = new URLSearchParams({ sort: query.sort, limit: String(PAGE_ROWS) });
  if (query.q) to.set('search', query.q);
  if (query.state) to.set('state', query.state);
  if (query.offset > 0) to.set('offset', String(query.offset));
  return `api/sets?${to.toString()}`;
}

export function electionsPath(query: Query): string {
  const to = new URLSearchParams({ limit: String(ELECTIONS) });
  if (query.q) to.set('search', query.q);
  return `api/elections?${to.toString()}`;
}

/** Of the opened set; null: none is. */
export function setPath(open: string): string | null {
  return open ? `api/sets/${encodeURIComponent(open)}` : null;
}
