// What the page shows of thousands of triggers: search, filter, order, page and the opened row. Kept in the address, so
// that a reload and a link show the same. Pure.
import { hashOf, offsetOf, PAGE_ROWS, SEARCH_MAX, wordOf } from '../list_query';
import type { TriggerState } from './api';

export { changed, PAGE_ROWS } from '../list_query';

export type Order = 'state' | 'name' | 'lag' | 'asked';

export interface Query {
  q: string;
  state: TriggerState | null;
  sort: Order;
  reverse: boolean;
  offset: number;
  /** "namespace/name/id" of the opened trigger; empty: none. */
  open: string;
}

export const FIRST: Query = { q: '', state: null, sort: 'state', reverse: false, offset: 0, open: '' };

const STATES: readonly TriggerState[] = ['error', 'active', 'idle', 'not_asked'];
const ORDERS: readonly Order[] = ['state', 'name', 'lag', 'asked'];

/** Of the address after "#"; what makes no sense there is as if it were absent. */
export function parseHash(hash: string): Query {
  const from = new URLSearchParams(hash.replace(/^#/, ''));
  return {
    q: (from.get('q') ?? '').slice(0, SEARCH_MAX),
    state: wordOf(from.get('state'), STATES),
    sort: wordOf(from.get('sort'), ORDERS) ?? FIRST.sort,
    reverse: from.get('order') === 'desc',
    offset: offsetOf(from.get('offset')),
    open: from.get('open') ?? '',
  };
}

function parameters(query: Query): URLSearchParams {
  const to = new URLSearchParams();
  if (query.q) to.set('q', query.q);
  if (query.state) to.set('state', query.state);
  if (query.sort !== 'state') to.set('sort', query.sort);
  if (query.reverse) to.set('order', 'desc');
  if (query.offset > 0) to.set('offset', String(query.offset));
  return to;
}

export function toHash(query: Query): string {
  const to = parameters(query);
  if (query.open) to.set('open', query.open);
  return hashOf(to);
}

export function listPath(query: Query): string {
  const to = parameters(query);
  to.set('limit', String(PAGE_ROWS));
  return `api/scaled-objects?${to.toString()}`;
}

export function keyOf(trigger: { namespace: string; name: string; id: string }): string {
  return `${trigger.namespace}/${trigger.name}/${trigger.id}`;
}

/** Of the object whose trigger is open; null: none, or no key. */
export function objectPath(open: string): string | null {
  const [namespace, name, ...id] = open.split('/');
  if (!name || id.length === 0) return null;
  return `api/scaled-objects/${encodeURIComponent(namespace!)}/${encodeURIComponent(name)}`;
}
