// A row for each trigger, its trouble below it, and below the opened one what else is known.
import { ago, count, isKnown } from '../../format';
import { type Column, Head, Pager } from '../../views/listing';
import { Unknown, Value } from '../../views/value';
import type { List, Metric, Trigger } from '../api';
import type { View } from '../feed';
import { keyOf, type Order, type Query } from '../query';
import { amount, bounds, complaint, isAge, STATES, whyOther } from '../words';
import { Details } from './details';

interface Props {
  list: List;
  view: View;
  onChange: (change: Partial<Query>) => void;
  onOpen: (key: string) => void;
}

const COLUMNS: Column<Order>[] = [
  { name: 'Scaled object', help: 'ScaledObject or ScaledJob, and what its trigger reads', order: 'name' },
  { name: 'State', help: 'Errors first', order: 'state' },
  { name: 'Lag', help: 'Messages as told to KEDA, and why where it is not the measured lag; the age of the oldest one where lagSecondsThreshold asks for it', order: 'lag', right: true },
  { name: 'Target', help: 'What one replica is to have: lagThreshold, lagSecondsThreshold', order: null, right: true },
  { name: 'Desired', help: 'What the reading makes: lag / target, rounded up; the HPA adds tolerance, behaviour and bounds', order: null, right: true },
  { name: 'Current', help: 'Replicas that the HPA counts', order: null, right: true },
  { name: 'Asked', help: 'When KEDA last asked', order: 'asked', right: true },
];

export function Table({ list, view, onChange, onOpen }: Props) {
  const { query } = view;
  if (list.matched === 0) {
    return (
      <p class="empty no-match">
        No trigger matches. <button type="button" class="link" onClick={() => onChange({ q: '', state: null })}>Show all</button>
      </p>
    );
  }
  return (
    <>
      <div class="card table-wrap">
        <table class="triggers stackable">
          <Head
            columns={COLUMNS}
            sort={query.sort}
            descending={query.reverse}
            arrow={query.reverse ? '▴' : '▾'}
            onSort={(sort) => onChange({ sort, reverse: query.sort === sort && !query.reverse })}
          />
          <tbody>
            {list.triggers.flatMap((trigger) => {
              const key = keyOf(trigger);
              const open = query.open === key;
              const wrong = complaint(trigger);
              const rows = [<Row key={key} trigger={trigger} now_ms={list.now_ms} open={open} onOpen={() => onOpen(open ? '' : key)} />];
              if (wrong !== null) rows.push(<tr key={`${key} wrong`} class="wrong-row"><td colSpan={COLUMNS.length}>{wrong}</td></tr>);
              if (trigger.notice) rows.push(<tr key={`${key} notice`} class="wrong-row notice-row" data-testid="notice"><td colSpan={COLUMNS.length}>{trigger.notice}</td></tr>);
              if (open) rows.push(<tr key={`${key} details`} class="details-row"><td colSpan={COLUMNS.length}><Details trigger={trigger} view={view} now_ms={list.now_ms} /></td></tr>);
              return rows;
            })}
          </tbody>
        </table>
      </div>
      <Pager offset={list.offset} shown={list.triggers.length} all={list.matched} onChange={onChange} />
    </>
  );
}

function Row({ trigger: t, now_ms, open, onOpen }: { trigger: Trigger; now_ms: number; open: boolean; onOpen: () => void }) {
  const state = STATES[t.state];
  const { replicas } = t;
  const lost = t.error || 'not asked yet';
  return (
    <tr class="trigger" data-testid="trigger" data-state={t.state}>
      <th scope="row">
        <button type="button" class="link object-name" aria-expanded={open} onClick={onOpen}>
          <span class="muted">{t.namespace}/</span>{t.name}
        </button>
        <span class="block muted">{t.consumer_group || 'no group'} reads {t.topics.join(', ') || 'no topic'}</span>
      </th>
      <td data-label="State">
        <span class="badges">
          <span class={`badge ${state.tone}`} title={state.help}>{state.name}</span>
          {t.pushes && <span class="badge" title="KEDA holds a stream open: the first message starts the workload at once (external-push)">push</span>}
          {replicas.paused && <span class="badge tone-warn" title="By annotation: KEDA does not scale it">paused</span>}
          {replicas.fallback && <span class="badge tone-warn" title="KEDA uses the fallback's replicas in place of a reading">fallback</span>}
        </span>
      </td>
      <td class="n" data-label="Lag">
        {t.metrics.length === 0 ? <Unknown reason={lost} /> : t.metrics.map((m) => <Reading key={m.name} metric={m} />)}
      </td>
      <td class="n" data-label="Target">
        {t.metrics.length === 0 ? <Unknown reason={lost} /> : t.metrics.map((m) => <span key={m.name} class="line">{amount(m, m.target)}</span>)}
      </td>
      <td class="n" data-label="Desired">
        <span class="line"><Value value={t.desired} show={count} reason={lost} /></span>
        {isKnown(replicas.hpa_desired) && <span class="line muted small" title={`desiredReplicas of ${replicas.hpa}`}>HPA {count(replicas.hpa_desired)}</span>}
      </td>
      <td class="n" data-label="Current">
        <span class="line"><Value value={replicas.current} show={count} reason={replicas.unknown} /></span>
        {bounds(replicas) && <span class="line muted small" title="minReplicaCount to maxReplicaCount">of {bounds(replicas)}</span>}
      </td>
      <td class="n muted" data-label="Asked">{t.asked_at_ms === null ? 'not yet' : ago(t.asked_at_ms, now_ms)}</td>
    </tr>
  );
}

function measuredText(m: Metric): string {
  if (!m.why_counted || !isKnown(m.measured)) return 'Messages not yet consumed';
  return `Measured: ${amount(m, m.measured)}. Told to KEDA: ${m.why_counted}`;
}

function Reading({ metric: m }: { metric: Metric }) {
  const other = whyOther(m);
  return (
    <span class="line" title={isAge(m) ? 'Age of the oldest message not yet consumed' : measuredText(m)}>
      <Value value={m.value} show={(v) => amount(m, v)} reason={m.unknown} />
      {other !== null && <span class="muted small">, {other}</span>}
    </span>
  );
}
