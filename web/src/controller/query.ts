// What the page shows of thousands of sets: search, filter, order, page and the opened row. Kept in the address, so that
// a reload and a link show the same. Pure.
import type { SetState } from './api';

export type Order = 'name' | 'state' | 'epoch' | 'changed';

export interface Query {
  q: string;
  state: SetState | null;
  sort: Order;
  offset: number;
  /** Name of the opened set; empty: none. */
  open: string;
}

export const PAGE_ROWS = 100;
export const ELECTIONS = 30;
export const FIRST: Query = { q: '', state: null, sort: 'state', offset: 0, open: '' };

const STATES: readonly string[] = ['healthy', 'degraded', 'no_master', 'new'];
const ORDERS: readonly string[] = ['name', 'state', 'epoch', 'changed'];

/** Of the address after "#"; what makes no sense there is as if it were absent. */
export function parseHash(hash: string): Query {
  const from = new URLSearchParams(hash.replace(/^#/, ''));
  const state = from.get('state') ?? '';
  const sort = from.get('sort') ?? '';
  const offset = Number(from.get('offset') ?? 0);
  return {
    q: (from.get('q') ?? '').slice(0, 200),
    state: STATES.includes(state) ? (state as SetState) : null,
    sort: ORDERS.includes(sort) ? (sort as Order) : FIRST.sort,
    offset: Number.isSafeInteger(offset) && offset > 0 && offset <= 1_000_000 ? offset - (offset % PAGE_ROWS) : 0,
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
  const text = to.toString();
  return text ? `#${text}` : '';
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

/** Another choice begins at the first page. */
export function changed(query: Query, change: Partial<Query>): Query {
  return { ...query, offset: 0, ...change };
}
