// A row for each set, and below the opened one its members and its elections.
import { ago, count, isKnown } from '../../format';
import { type Column, Head, Pager } from '../../views/listing';
import { Unknown } from '../../views/value';
import type { Controller, List, ReplicaSet } from '../api';
import type { View } from '../feed';
import type { Order, Query } from '../query';
import { aliveText, ids, STATES } from '../words';
import { Details } from './details';

interface Props {
  controller: Controller;
  view: View;
  list: List;
  now_ms: number;
  onChange: (change: Partial<Query>) => void;
  onOpen: (name: string) => void;
}

const COLUMNS: Column<Order>[] = [
  { name: 'Set', help: 'Broker name, and its cluster', order: 'name' },
  { name: 'State', help: 'Those without a master first', order: 'state' },
  { name: 'Master', help: 'Id and address', order: null },
  { name: 'Epoch', help: 'Grows with every change of the master', order: 'epoch', right: true },
  { name: 'In sync', help: 'Ids of the sync-state set, and its epoch', order: null, right: true },
  { name: 'Alive', help: 'Members whose heartbeats come here', order: null, right: true },
  { name: 'Changed', help: 'When the master changed last', order: 'changed', right: true },
];

export function Table({ controller, view, list, now_ms, onChange, onOpen }: Props) {
  const { query } = view;
  if (list.matching === 0) {
    return (
      <p class="empty no-match">
        No set matches. <button type="button" class="link" onClick={() => onChange({ q: '', state: null })}>Show all</button>
      </p>
    );
  }
  return (
    <>
      <div class="card table-wrap">
        <table class="triggers sets stackable">
          <Head columns={COLUMNS} sort={query.sort} descending={query.sort === 'epoch' || query.sort === 'changed'} arrow="▾" onSort={(sort) => onChange({ sort })} />
          <tbody>
            {list.sets.flatMap((set) => {
              const open = query.open === set.set;
              const rows = [<Row key={set.set} set={set} now_ms={now_ms} open={open} onOpen={() => onOpen(open ? '' : set.set)} />];
              if (open) rows.push(<tr key={`${set.set} details`} class="details-row"><td colSpan={COLUMNS.length}><Details set={set} view={view} controller={controller} now_ms={now_ms} /></td></tr>);
              return rows;
            })}
          </tbody>
        </table>
      </div>
      <Pager offset={list.offset} shown={list.sets.length} all={list.matching} onChange={onChange} />
    </>
  );
}

function Row({ set: s, now_ms, open, onOpen }: { set: ReplicaSet; now_ms: number; open: boolean; onOpen: () => void }) {
  const state = STATES[s.state];
  return (
    <tr data-testid="set" data-state={s.state}>
      <th scope="row">
        <button type="button" class="link object-name" aria-expanded={open} onClick={onOpen}>{s.set}</button>
        <span class="block muted">{s.cluster}</span>
      </th>
      <td data-label="State"><span class={`badge ${state.tone}`} title={state.help}>{state.name}</span></td>
      <td data-label="Master">
        {isKnown(s.master_id) ? <><strong>{s.master_id}</strong> <span class="muted">{s.master_address}</span></> : <span class="muted">none</span>}
      </td>
      <td class="n" data-label="Epoch">{count(s.master_epoch)}</td>
      <td class="n" data-label="In sync">
        <span class="line">{ids(s.in_sync)}</span>
        <span class="line muted small">epoch {count(s.sync_state_set_epoch)}</span>
      </td>
      <td class="n" data-label="Alive">{aliveText(s)}</td>
      <td class="n muted" data-label="Changed">{isKnown(s.changed_at_ms) ? (s.changed_at_ms > 0 ? ago(s.changed_at_ms, now_ms) : <Unknown reason="taken over from another controller" />) : 'never'}</td>
    </tr>
  );
}
