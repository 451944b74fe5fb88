// Top bar: what this is, where it is connected to, whether the figures are live, the way to each section, the theme.
import { useEffect, useState } from 'preact/hooks';
import type { FeedView } from '../feed';
import { duration } from '../format';
import { onTheme, theme, toggleTheme } from '../theme';

const LINKS = [
  ['trends', 'Trends'],
  ['scaling', 'Scaling'],
  ['workers', 'Workers'],
  ['groups', 'Topics and groups'],
  ['commands', 'Try it'],
] as const;

export function Header({ view }: { view: FeedView }) {
  const { state } = view;
  return (
    <header class="top">
      <div class="top-row">
        <a class="brand" href="#main" aria-label="Gantry, to the top">
          <Mark />
          <span>Gantry</span>
        </a>
        {state && (
          <p class="where" title={`gantry ${state.version}, running for ${duration(state.uptime_s * 1000)}`}>
            {state.mode === 'embedded' ? 'embedded broker' : 'RocketMQ cluster'}
            <span class="where-address">{state.name_servers.join(', ')}</span>
          </p>
        )}
        <LiveBadge status={view.status} />
        <ThemeButton />
      </div>
      <nav aria-label="Sections">
        {LINKS.map(([id, text]) => (
          <a key={id} href={`#${id}`}>{text}</a>
        ))}
      </nav>
    </header>
  );
}

export function LiveBadge({ status, every = 'about once a second' }: { status: FeedView['status']; every?: string }) {
  const text = { live: 'Live', connecting: 'Connecting', lost: 'Stale' }[status];
  const title = { live: `Figures arrive ${every}`, connecting: 'Waiting for the first figures', lost: 'The server does not answer' }[status];
  return (
    <span class={`badge live-${status}`} title={title} data-testid="live" role="status">
      <span class="dot" aria-hidden="true" />
      {text}
    </span>
  );
}

export function ThemeButton() {
  const [now, setNow] = useState(theme());
  useEffect(() => onTheme(() => setNow(theme())), []);
  const next = now === 'dark' ? 'light' : 'dark';
  return (
    <button type="button" class="icon-button" onClick={toggleTheme} aria-label={`Switch to the ${next} theme`} title={`Switch to the ${next} theme`}>
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
        {now === 'dark' ? (
          <path d="M10 5.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10 1v2M10 17v2M1 10h2M17 10h2M3.6 3.6 5 5M15 15l1.4 1.4M3.6 16.4 5 15M15 5l1.4-1.4" />
        ) : (
          <path d="M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5Z" />
        )}
      </svg>
    </button>
  );
}

export function Mark() {
  return (
    <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <rect width="24" height="24" rx="5" class="mark-back" />
      <path d="M4 8h16M7 8v11M17 8v11M12 8v4M9.5 12h5v4h-5z" fill="none" stroke="#fff" stroke-width="1.8" />
    </svg>
  );
}
