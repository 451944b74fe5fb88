// The parts of a list of thousands: search and filter, the head of its table, its pages. What a row is, each page knows.
import { count } from '../format';
import { PAGE_ROWS, SEARCH_MAX } from '../list_query';

export interface Filter<State extends string> {
  state: State | null;
  name: string;
  help: string;
  count: number;
  /** A number above 0 is bad news. */
  alarming?: boolean;
}

interface ToolbarProps<State extends string> {
  /** What is searched. */
  label: string;
  query: { q: string; state: State | null };
  filters: Filter<State>[];
  onChange: (change: { q?: string; state?: State | null }) => void;
}

export function ListToolbar<State extends string>({ label, query, filters, onChange }: ToolbarProps<State>) {
  return (
    <div class="toolbar">
      <input
        type="search"
        class="search"
        maxLength={SEARCH_MAX}
        aria-label={label}
        placeholder={label}
        value={query.q}
        onInput={(event) => onChange({ q: event.currentTarget.value })}
      />
      <fieldset class="spans filters">
        <legend class="sr-only">State</legend>
        {filters.map(({ state, name, help, count: n, alarming }) => (
          <label key={name} title={help}>
            <input type="radio" name="state" checked={query.state === state} onChange={() => onChange({ state })} />
            <span>{name.charAt(0).toUpperCase() + name.slice(1)} <strong class={alarming && n > 0 ? 'alarming' : ''}>{count(n)}</strong></span>
          </label>
        ))}
      </fieldset>
    </div>
  );
}

export interface Column<Order extends string> {
  name: string;
  help: string;
  /** What a click orders by; null: nothing. */
  order: Order | null;
  /** Numbers stand at the right. */
  right?: boolean;
}

interface HeadProps<Order extends string> {
  columns: Column<Order>[];
  /** Of the list as it is shown. */
  sort: Order;
  descending: boolean;
  arrow: string;
  onSort: (order: Order) => void;
}

export function Head<Order extends string>({ columns, sort, descending, arrow, onSort }: HeadProps<Order>) {
  return (
    <thead>
      <tr>
        {columns.map(({ name, help, order, right }) => (
          <th key={name} scope="col" class={right ? 'n' : ''} title={help} aria-sort={order && sort === order ? (descending ? 'descending' : 'ascending') : undefined}>
            {order ? (
              <button type="button" class="sort" onClick={() => onSort(order)}>
                {name}<span aria-hidden="true">{sort === order ? ` ${arrow}` : ''}</span>
              </button>
            ) : name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** shown: rows of this page; all: rows that match. */
export function Pager({ offset, shown, all, onChange }: { offset: number; shown: number; all: number; onChange: (change: { offset: number }) => void }) {
  if (all <= PAGE_ROWS && offset === 0) return null;
  const last = offset + shown;
  return (
    <nav class="pager" aria-label="Pages" data-testid="pager">
      <span>{count(offset + 1)} to {count(last)} of {count(all)}</span>
      <button type="button" disabled={offset === 0} onClick={() => onChange({ offset: Math.max(0, offset - PAGE_ROWS) })}>Previous</button>
      <button type="button" disabled={last >= all} onClick={() => onChange({ offset: offset + PAGE_ROWS })}>Next</button>
    </nav>
  );
}
