// Search, and the filter by state with its counts.
import { ListToolbar } from '../../views/listing';
import type { Controller, SetState } from '../api';
import type { Query } from '../query';
import { STATES } from '../words';

interface Props {
  controller: Controller;
  query: Query;
  onChange: (change: Partial<Query>) => void;
}

export function Toolbar({ controller: { sets }, query, onChange }: Props) {
  const states = (Object.keys(STATES) as SetState[]).map((state) => (
    { state, name: STATES[state].name, help: STATES[state].help, count: sets[state], alarming: state === 'no_master' }
  ));
  return (
    <ListToolbar
      label="Search cluster, set or address"
      query={query}
      filters={[{ state: null, name: 'All', help: 'Every set', count: sets.total }, ...states]}
      onChange={onChange}
    />
  );
}
