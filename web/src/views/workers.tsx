// Worker processes: state at a glance, the last output line in the row, the last lines on opening it.
import type { State, Worker } from '../api';
import { ago, count, isKnown } from '../format';
import { isBroken } from '../health';
import { Section } from './section';

const ORDER = ['failed', 'backoff', 'starting', 'running', 'stopping', 'exited'];
const TONES: Record<string, string> = { running: 'tone-ok', starting: 'tone-busy', stopping: 'tone-busy', backoff: 'tone-error', failed: 'tone-error' };
const TITLES: Record<string, string> = {
  starting: 'Started, not yet ready',
  running: 'Working',
  stopping: 'Asked to end (SIGTERM), finishing what it has',
  exited: 'Ended',
  backoff: 'Ended unexpectedly; waits before it is started again',
  failed: 'Could not be started',
};

export function Workers({ state }: { state: State }) {
  const rank = (w: Worker) => (ORDER.indexOf(w.state) + ORDER.length + 1) % (ORDER.length + 1);
  const workers = [...state.workers].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'en', { numeric: true }));
  const counts = ORDER.map((s) => [workers.filter((w) => w.state === s).length, s] as const).filter(([n]) => n > 0);
  const tally = <span class="muted">{counts.map(([n, s]) => `${count(n)} ${s}`).join(' · ')}</span>;
  return (
    <Section id="workers" title="Workers" aside={tally} hint="One local process per replica or job. Open one to read what it printed.">
      {workers.length === 0 ? (
        <p class="empty">No worker runs. {state.scaled_objects.length + state.scaled_jobs.length > 0 ? 'The first one starts when messages wait.' : 'Workers come from the Deployment that a scaled object names.'}</p>
      ) : (
        <ul class="workers">{workers.map((w) => <Row key={w.name} worker={w} now_ms={state.now_ms} />)}</ul>
      )}
    </Section>
  );
}

function Row({ worker: w, now_ms }: { worker: Worker; now_ms: number }) {
  const last = w.output.at(-1);
  const facts = [
    isKnown(w.pid) ? `pid ${w.pid}` : null,
    isKnown(w.started_at_ms) ? `started ${ago(w.started_at_ms, now_ms)}` : null,
    w.restarts > 0 ? `${count(w.restarts)} ${w.restarts === 1 ? 'restart' : 'restarts'}` : null,
    w.exit ? `last ended: ${w.exit}` : null,
  ].filter(Boolean);
  return (
    <li data-testid="worker">
      <details class={isBroken(w) ? 'worker broken' : 'worker'}>
        <summary>
          <span class="worker-name">{w.name}</span>
          <span class={`badge ${TONES[w.state] ?? ''}`} title={TITLES[w.state] ?? w.state}>{w.state}</span>
          <span class="worker-facts">{facts.join(' · ')}</span>
          <span class="worker-last">{isBroken(w) && w.error ? w.error : last ?? 'no output yet'}</span>
        </summary>
        {w.error && <p class="error-line">{w.error}</p>}
        <pre tabIndex={0} aria-label={`Last output of ${w.name}`}>{w.output.length > 0 ? w.output.join('\n') : 'It has printed nothing yet.'}</pre>
      </details>
    </li>
  );
}
