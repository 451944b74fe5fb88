// The four trends on one time axis.
import { useMemo, useState } from 'preact/hooks';
import type { Sample } from '../api';
import { count, duration, IN_FLIGHT, rate, shortCount } from '../format';
import { lastSeconds, rates, spanToShow } from '../history';
import { Chart } from './chart';
import { Section } from './section';

const SPANS = [
  [60, '1 min'],
  [300, '5 min'],
  [1800, '30 min'],
  [Infinity, 'All'],
] as const;

export function Charts({ samples }: { samples: Sample[] }) {
  const [chosen, setSpan] = useState<number | null>(null);
  const span = useMemo(() => chosen ?? spanToShow(samples, SPANS.map(([seconds]) => seconds), 300), [samples, chosen]);
  const data = useMemo(() => {
    // Rates before the cut, so that the first one shown is known too.
    const incoming = rates(samples, 'incoming');
    const consumed = rates(samples, 'consumed');
    const shown = lastSeconds(samples, span);
    const from = samples.length - shown.length;
    return {
      t_s: shown.map((s) => s.t_s),
      backlog: [
        { name: 'backlog', help: 'Messages stored and not yet consumed', colour: '--c-backlog', values: shown.map((s) => s.lag), fill: true },
        { name: 'in flight', help: IN_FLIGHT, colour: '--c-flight', values: shown.map((s) => s.in_flight), dashed: true },
      ],
      replicas: [{ name: 'running', help: 'Worker processes', colour: '--c-replicas', values: shown.map((s) => s.replicas), fill: true, stepped: true }],
      throughput: [
        { name: 'consumed', help: 'Messages that the groups have acknowledged, per second', colour: '--c-consumed', values: consumed.slice(from), fill: true },
        { name: 'incoming', help: 'Messages stored in the topics, per second, whoever sent them', colour: '--c-sent', values: incoming.slice(from), dashed: true },
      ],
      age: [{ name: 'oldest', help: 'Age of the oldest message not yet consumed', colour: '--c-age', values: shown.map((s) => s.oldest_age_ms), fill: true }],
    };
  }, [samples, span]);

  const spans = (
    <fieldset class="spans">
      <legend class="sr-only">Time shown</legend>
      {SPANS.map(([seconds, text]) => (
        <label key={text}>
          <input type="radio" name="span" checked={span === seconds} onChange={() => setSpan(seconds)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );

  return (
    <Section id="trends" title="Trends" aside={spans}>
      <div class="charts">
        <Chart title="Backlog" unit="messages" help="Messages stored and not yet consumed; dashed: those in flight, fetched by a consumer and not yet acknowledged." t_s={data.t_s} lines={data.backlog} show={count} axis={shortCount} atLeast={10} />
        <Chart title="Replicas" unit="worker processes" help="Worker processes running." t_s={data.t_s} lines={data.replicas} show={count} axis={shortCount} atLeast={4} wholeNumbers />
        <Chart title="Throughput" unit="messages/s" help="Messages consumed, and messages stored in the topics whoever sent them, per second over three seconds." t_s={data.t_s} lines={data.throughput} show={rate} axis={shortCount} atLeast={10} />
        <Chart title="Oldest message" unit="age" help="Age of the oldest message not yet consumed." t_s={data.t_s} lines={data.age} show={(v) => (v === 0 ? '0 s' : duration(v))} axis={(v) => (v === 0 ? '0' : duration(v))} atLeast={1000} />
      </div>
      <p class="axis-note">Time since the start, minutes:seconds. A shaded band means unknown, not zero.</p>
    </Section>
  );
}
