// Search, and the filter by state with its counts.
import { ListToolbar } from '../../views/listing';
import type { List, TriggerState } from '../api';
import type { Query } from '../query';
import { STATES, total } from '../words';

interface Props {
  list: List;
  query: Query;
  onChange: (change: Partial<Query>) => void;
}

export function Toolbar({ list, query, onChange }: Props) {
  const states = (Object.keys(STATES) as TriggerState[]).map((state) => (
    { state, name: STATES[state].name, help: STATES[state].help, count: list.counts[state], alarming: state === 'error' }
  ));
  return (
    <ListToolbar
      label="Search namespace, name, topic or group"
      query={query}
      filters={[{ state: null, name: 'All', help: 'Every trigger', count: total(list) }, ...states]}
      onChange={onChange}
    />
  );
}
