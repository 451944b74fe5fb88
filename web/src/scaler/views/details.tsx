// The opened trigger: how its reading becomes replicas, who asks, the newest error, the past.
import { useMemo } from 'preact/hooks';
import { ago, count, isKnown, plural, shortCount } from '../../format';
import { Chart } from '../../views/chart';
import type { Sample, Trigger } from '../api';
import type { View } from '../feed';
import { keyOf } from '../query';
import { before, hpaText, metricNamed, reckoning, seconds, tellsOther } from '../words';

export function Details({ trigger: t, view, now_ms }: { trigger: Trigger; view: View; now_ms: number }) {
  const known = view.object?.triggers.find((each) => keyOf(each) === keyOf(t));
  const hpa = hpaText(t.replicas);
  return (
    <div class="details" data-testid="details">
      <ul class="reckoning">
        {t.metrics.map((m) => (
          <li key={m.name}>
            {reckoning(m)}
            {m.why_counted && <span class="muted">; {isKnown(m.measured) ? `${count(m.measured)} measured, ` : ''}{m.why_counted}</span>}
          </li>
        ))}
        <li>{hpa ?? <span class="unknown-text">Current replicas are unknown: {t.replicas.unknown}</span>}</li>
      </ul>
      <dl class="facts">
        <Fact name="Topics" value={t.topics.join(', ') || 'none'} />
        <Fact name="Consumer group" value={t.consumer_group || 'none'} />
        <Fact name="Questions" value={t.asked_at_ms === null ? 'none yet' : `${count(t.asked)}, the last ${ago(t.asked_at_ms, now_ms)}`} help="IsActive and GetMetrics, since this scaler first heard of it" />
        <Fact name="Push" value={t.pushes ? 'a stream is open' : 'no stream'} help="StreamIsActive, for triggers of type external-push: the first message starts the workload at once" />
        <Fact name="Newest error" value={isKnown(t.newest_error_at_ms) ? ago(t.newest_error_at_ms, now_ms) : 'none'} help={t.newest_error || 'No question has failed'} />
      </dl>
      {t.newest_error && t.newest_error !== t.error && <p class="note-line">The newest error, now over: {t.newest_error}</p>}
      {known ? <Past history={known.history} now_ms={view.object!.now_ms} ages={metricNamed(t, 'lag-seconds') !== undefined} /> : <p class="note-line">{view.object_error || 'The history is on its way …'}</p>}
    </div>
  );
}

function Fact({ name, value, help }: { name: string; value: string; help?: string }) {
  return <div title={help}><dt>{name}</dt><dd>{value}</dd></div>;
}

function Past({ history, now_ms, ages }: { history: Sample[]; now_ms: number; ages: boolean }) {
  const data = useMemo(() => ({
    t_s: history.map((s) => (s.at_ms - now_ms) / 1000),
    lag: [
      { name: 'lag measured', help: 'Messages not yet consumed, the most between two samples', colour: '--c-backlog', values: history.map((s) => s.measured), fill: true },
      ...(tellsOther(history) ? [{ name: 'told to KEDA', help: 'With retries, and at most queues x lagThreshold for classic consumers', colour: '--c-replicas', values: history.map((s) => s.lag), dashed: true }] : []),
    ],
    age: [{ name: 'oldest', help: 'Age of the oldest message not yet consumed', colour: '--c-age', values: history.map((s) => s.lag_seconds), fill: true }],
  }), [history, now_ms]);
  return (
    <>
      <div class={ages ? 'charts' : 'charts charts-one'}>
        <Chart title="Lag" unit="messages" help="Messages not yet consumed as measured at each question; dashed: what KEDA was told, where that is another number" t_s={data.t_s} lines={data.lag} show={count} axis={shortCount} time={before} atLeast={10} />
        {ages && <Chart title="Oldest message" unit="age" help="Age of the oldest message not yet consumed" t_s={data.t_s} lines={data.age} show={seconds} axis={seconds} time={before} atLeast={1} />}
      </div>
      <p class="axis-note">{plural(history.length, 'sample')}, at most one in 5 s and 120 in all. A shaded band means unknown, not zero.</p>
    </>
  );
}
