// Search, the filter by state with its counts, the pages.
import { count } from '../../format';
import type { Controller, List, SetState } from '../api';
import { PAGE_ROWS, type Query } from '../query';
import { STATES } from '../words';

interface Props {
  controller: Controller;
  query: Query;
  onChange: (change: Partial<Query>) => void;
}

export function Toolbar({ controller: { sets }, query, onChange }: Props) {
  const filters: [SetState | null, string, number][] = [
    [null, 'All', sets.total],
    ...(Object.keys(STATES) as SetState[]).map((s): [SetState, string, number] => [s, capital(STATES[s].name), sets[s]]),
  ];
  return (
    <div class="toolbar">
      <input
        type="search"
        class="search"
        maxLength={200}
        aria-label="Search cluster, set or address"
        placeholder="Search cluster, set or address"
        value={query.q}
        onInput={(event) => onChange({ q: event.currentTarget.value })}
      />
      <fieldset class="spans filters">
        <legend class="sr-only">State</legend>
        {filters.map(([state, name, n]) => (
          <label key={name} title={state ? STATES[state].help : 'Every set'}>
            <input type="radio" name="state" checked={query.state === state} onChange={() => onChange({ state })} />
            <span>{name} <strong class={state === 'no_master' && n > 0 ? 'alarming' : ''}>{count(n)}</strong></span>
          </label>
        ))}
      </fieldset>
    </div>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function Pager({ list, onChange }: { list: List; onChange: Props['onChange'] }) {
  if (list.matching <= PAGE_ROWS && list.offset === 0) return null;
  const last = list.offset + list.sets.length;
  return (
    <nav class="pager" aria-label="Pages" data-testid="pager">
      <span>{count(list.offset + 1)} to {count(last)} of {count(list.matching)}</span>
      <button type="button" disabled={list.offset === 0} onClick={() => onChange({ offset: Math.max(0, list.offset - PAGE_ROWS) })}>Previous</button>
      <button type="button" disabled={last >= list.matching} onClick={() => onChange({ offset: list.offset + PAGE_ROWS })}>Next</button>
    </nav>
  );
}
