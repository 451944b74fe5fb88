// Scaled objects and scaled jobs: what was read, what follows from it, and why, in the words of `gantry explain`.
import type { ExplanationLine, Maybe, ScaledJob, ScaledObject, State, Trigger } from '../api';
import { ago, count, isKnown, plural } from '../format';
import { Section } from './section';
import { Unknown, Value } from './value';

export function Scaling({ state }: { state: State }) {
  return (
    <Section id="scaling" title="Scaling" hint="Each scaled object turns a reading into a number of replicas.">
      {state.scaled_objects.length + state.scaled_jobs.length === 0 && (
        <p class="empty">No scaled object is loaded. Give one with <code>gantry up -f FILE.yaml</code>: the same ScaledObject or ScaledJob that KEDA takes.</p>
      )}
      {state.scaled_objects.map((o) => <Card key={`${o.namespace}/${o.name}`} object={o} now_ms={state.now_ms} />)}
      {state.scaled_jobs.map((o) => <JobCard key={`${o.namespace}/${o.name}`} object={o} now_ms={state.now_ms} />)}
    </Section>
  );
}

function Card({ object: o, now_ms }: { object: ScaledObject; now_ms: number }) {
  return (
    <article class="card" data-testid="scaled-object" aria-label={`Scaled object ${o.name}`}>
      <header class="card-head">
        <div>
          <h3>{o.name} <small>{o.namespace}</small></h3>
          <p class="muted">scales {o.target}</p>
        </div>
        <Activity object={o} />
      </header>
      <Gauge object={o} />
      {o.last_error && <p class="error-line" role="alert"><strong>Last error:</strong> {o.last_error}</p>}
      <Triggers triggers={o.triggers} />
      <Why title={isKnown(o.desired) ? plural(o.desired, 'replica') : 'nothing was decided'} lines={o.explanation} decided_at_ms={o.decided_at_ms} now_ms={now_ms} />
    </article>
  );
}

function JobCard({ object: o, now_ms }: { object: ScaledJob; now_ms: number }) {
  return (
    <article class="card" data-testid="scaled-job" aria-label={`Scaled job ${o.name}`}>
      <header class="card-head">
        <div>
          <h3>{o.name} <small>{o.namespace}</small></h3>
          <p class="muted">creates jobs, at most {count(o.max)} at a time, strategy {o.strategy}</p>
        </div>
        <Activity object={o} />
      </header>
      <div class="gauge">
        <dl>
          <div title="Jobs that are not finished"><dt>Running</dt><dd data-testid="jobs-running">{count(o.running)}</dd></div>
          <div title="Of these, without a process that runs: being started, or waiting after a failure"><dt>Pending</dt><dd>{count(o.pending)}</dd></div>
          <div title="Since this gantry up was started"><dt>Succeeded</dt><dd data-testid="jobs-succeeded">{count(o.succeeded)}</dd></div>
          <div title="Since this gantry up was started"><dt>Failed</dt><dd data-testid="jobs-failed">{count(o.failed)}</dd></div>
        </dl>
      </div>
      {o.last_error && <p class="error-line" role="alert"><strong>Last error:</strong> {o.last_error}</p>}
      {o.last_failure && <p class="error-line" role="alert"><strong>Last failure:</strong> {o.last_failure}</p>}
      <Triggers triggers={o.triggers} />
      <Why title="so many jobs" lines={o.explanation} decided_at_ms={o.decided_at_ms} now_ms={now_ms} />
    </article>
  );
}

function Triggers({ triggers }: { triggers: Trigger[] }) {
  return (
    <div class="table-wrap">
      <table class="stackable">
        <thead>
          <tr><th scope="col">Trigger</th><th scope="col">Measures</th><th scope="col" class="n">Reading</th><th scope="col" class="n" title="What one replica is meant to carry (AverageValue), or the reading wanted in all (Value)">Target</th></tr>
        </thead>
        <tbody>{triggers.map((t) => <TriggerRow key={t.name} trigger={t} />)}</tbody>
      </table>
    </div>
  );
}

function Why({ title, lines, decided_at_ms, now_ms }: { title: string; lines: ExplanationLine[]; decided_at_ms: Maybe; now_ms: number }) {
  return (
    <>
      <div class="why">
        <h4>Why {title}</h4>
        <span class="muted">{isKnown(decided_at_ms) ? `decided ${ago(decided_at_ms, now_ms)}` : 'no decision yet'}</span>
      </div>
      <ol class="explanation" data-testid="explanation">
        {lines.map((line, i) => (
          <li key={`${i} ${line.key}`}><span class="key">{line.key}</span><span>{line.text}</span></li>
        ))}
      </ol>
    </>
  );
}

function Activity({ object: o }: { object: ScaledObject | ScaledJob }) {
  if (o.paused) return <span class="badge tone-warn" title="By the annotation autoscaling.keda.sh/paused">paused</span>;
  if (o.active === null) return <span class="badge tone-unknown" title="It could not be told whether a trigger is above its activation threshold">activity unknown</span>;
  return o.active
    ? <span class="badge tone-busy" title="A trigger is above its activation threshold">active</span>
    : <span class="badge" title="No trigger is above its activation threshold">inactive</span>;
}

/** Slots from 0 to max: filled ones run, outlined ones are wanted, the rest are free. */
function Gauge({ object: o }: { object: ScaledObject }) {
  const desired = o.desired;
  const slots = Math.min(o.max, 40);
  const perSlot = o.max / Math.max(1, slots);
  const label = `${plural(o.current, 'replica')} running, ${isKnown(desired) ? count(desired) : 'unknown'} desired, between ${count(o.min)} and ${count(o.max)}`;
  return (
    <div class="gauge">
      <dl>
        <div><dt>Current</dt><dd data-testid="current">{count(o.current)}</dd></div>
        <div><dt>Desired</dt><dd data-testid="desired">{isKnown(desired) ? count(desired) : <Unknown reason="nothing was decided yet" />}</dd></div>
        <div><dt>Range</dt><dd>{count(o.min)}–{count(o.max)}</dd></div>
      </dl>
      <div class="slots" role="img" aria-label={label} title={label}>
        {Array.from({ length: slots }, (_, i) => {
          const at = (i + 1) * perSlot;
          const running = at <= o.current + perSlot / 2;
          const wanted = isKnown(desired) && at <= desired + perSlot / 2;
          return <span key={i} class={running ? (wanted || !isKnown(desired) ? 'slot on' : 'slot leaving') : wanted ? 'slot wanted' : 'slot'} />;
        })}
      </div>
    </div>
  );
}

function TriggerRow({ trigger: t }: { trigger: Trigger }) {
  return (
    <>
      <tr>
        <th scope="row">{t.name}<small class="block muted">{t.type}</small></th>
        <td data-label="Measures">{t.metric}</td>
        <td data-label="Reading" class="n"><Value value={t.value} show={count} reason={t.error} /></td>
        <td data-label="Target" class="n"><span><Value value={t.target} show={count} reason="the trigger names none" /> <small class="muted">{t.target_type === 'Value' ? 'in all' : 'per replica'}</small></span></td>
      </tr>
      {t.why_counted && <tr class="note-row"><td colSpan={4}>Counted as {count(t.counted_as)}: {t.why_counted}</td></tr>}
      {t.error && <tr class="reason-row"><td colSpan={4}>{t.error}</td></tr>}
    </>
  );
}
