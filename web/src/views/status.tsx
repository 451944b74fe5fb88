// What is going on, in words: the verdict with its problems, and the notice when the server went away.
import { useEffect, useState } from 'preact/hooks';
import type { State } from '../api';
import type { FeedView } from '../feed';
import { ago } from '../format';
import type { Verdict } from '../health';

const SHOWN_PROBLEMS = 4;

export function Status({ state, verdict, live }: { state: State; verdict: Verdict; live: boolean }) {
  const shown = verdict.problems.slice(0, SHOWN_PROBLEMS);
  // "the lag is unknown: why" beside "orders: why" would say it twice
  const repeated = shown.some((p) => state.phase.endsWith(p.text.replace(/^[^:]+: /, '')));
  const hidden = verdict.problems.length - shown.length;
  return (
    <div class={`status level-${verdict.level}`} data-testid="status" data-level={verdict.level}>
      <Icon level={verdict.level} />
      <div class="status-text">
        <h1 aria-live="polite">{live ? verdict.title : `${verdict.title}, when last heard of`}</h1>
        {state.phase && !repeated && <p class="phase">{sentence(state.phase)}</p>}
        {shown.length > 0 && (
          <ul class="problems">
            {shown.map((p) => (
              <li key={p.text}>
                <a href={`#${p.section}`}>{p.text}</a>
              </li>
            ))}
            {hidden > 0 && <li>and {hidden} more</li>}
          </ul>
        )}
      </div>
    </div>
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function Icon({ level }: { level: Verdict['level'] }) {
  // The shape differs as well as the colour.
  const path = {
    idle: 'M5 12.5 10 17l9-10',
    busy: 'M4 17h4v-5H4zM10 17h4V8h-4zM16 17h4V4h-4z',
    unknown: 'M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1.2-1.5 2.3M12 18v.5',
    error: 'M12 5v9M12 18v.5',
  }[level];
  return (
    <svg class="status-icon" viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

export type ConnectionView = Pick<FeedView, 'status' | 'received_at_ms' | 'retry_at_ms'>;

/** Shown only while the server does not answer. Counts by the browser's clock, which is all there is then. */
export function Connection({ view, onRetry, start = 'gantry up' }: { view: ConnectionView; onRetry: () => void; start?: string }) {
  const lost = view.status === 'lost';
  const [, tick] = useState(0);
  useEffect(() => {
    if (!lost) return undefined;
    const timer = setInterval(() => tick((n) => n + 1), 500);
    return () => clearInterval(timer);
  }, [lost]);
  const now = Date.now();
  const wait_s = view.retry_at_ms === null ? 0 : Math.max(0, Math.ceil((view.retry_at_ms - now) / 1000));
  return (
    <div class="connection-slot" aria-live="assertive">
      {lost && (
        <div class="connection" data-testid="connection">
          <div>
            <strong>Gantry does not answer.</strong>{' '}
            {view.received_at_ms === null
              ? `Is it running? Start it with ${start}, and use the address that it prints.`
              : 'Everything below is stale: it shows how things were when it last did.'}
          </div>
          {/* The countdown is not announced: a reader would hear it every second. */}
          <div class="connection-wait" aria-live="off">
            {view.received_at_ms !== null && <span>last heard {ago(view.received_at_ms, now)}</span>}
            <span>{view.retry_at_ms === null ? 'trying now …' : `next try in ${wait_s} s`}</span>
            <button type="button" onClick={onRetry}>Try now</button>
          </div>
        </div>
      )}
    </div>
  );
}
