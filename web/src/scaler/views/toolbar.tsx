// Search, the filter by state with its counts, the pages.
import { count } from '../../format';
import type { List, TriggerState } from '../api';
import { PAGE_ROWS, type Query } from '../query';
import { STATES, total } from '../words';

interface Props {
  list: List;
  query: Query;
  onChange: (change: Partial<Query>) => void;
}

export function Toolbar({ list, query, onChange }: Props) {
  const filters: [TriggerState | null, string, number][] = [
    [null, 'All', total(list)],
    ...(Object.keys(STATES) as TriggerState[]).map((s): [TriggerState, string, number] => [s, capital(STATES[s].name), list.counts[s]]),
  ];
  return (
    <div class="toolbar">
      <input
        type="search"
        class="search"
        aria-label="Search namespace, name, topic or group"
        placeholder="Search namespace, name, topic or group"
        value={query.q}
        onInput={(event) => onChange({ q: event.currentTarget.value })}
      />
      <fieldset class="spans filters">
        <legend class="sr-only">State</legend>
        {filters.map(([state, name, n]) => (
          <label key={name} title={state ? STATES[state].help : 'Every trigger'}>
            <input type="radio" name="state" checked={query.state === state} onChange={() => onChange({ state })} />
            <span>{name} <strong class={state === 'error' && n > 0 ? 'alarming' : ''}>{count(n)}</strong></span>
          </label>
        ))}
      </fieldset>
    </div>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function Pager({ list, onChange }: Omit<Props, 'query'>) {
  if (list.matched <= PAGE_ROWS && list.offset === 0) return null;
  const last = list.offset + list.triggers.length;
  return (
    <nav class="pager" aria-label="Pages" data-testid="pager">
      <span>{count(list.offset + 1)} to {count(last)} of {count(list.matched)}</span>
      <button type="button" disabled={list.offset === 0} onClick={() => onChange({ offset: Math.max(0, list.offset - PAGE_ROWS) })}>Previous</button>
      <button type="button" disabled={last >= list.matched} onClick={() => onChange({ offset: list.offset + PAGE_ROWS })}>Next</button>
    </nav>
  );
}
