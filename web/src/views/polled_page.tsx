// The frame of a page that is asked for every two seconds: header, lost connection, and a word until the first answer.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PolledFeed, PolledView } from '../polled';
import { LiveBadge, Mark, ThemeButton } from './header';
import { Connection } from './status';

/** The feed's view of now, drawn anew at each change. */
export function useFeed<View extends PolledView<object>>(feed: { view: View; subscribe: (listener: () => void) => () => void }): View {
  const [view, setView] = useState(feed.view);
  useEffect(() => feed.subscribe(() => setView(feed.view)), [feed]);
  return view;
}

interface Props {
  view: PolledView<object>;
  feed: Pick<PolledFeed<never, never>, 'retryNow'>;
  /** What the main part shows: "Skip to the sets". */
  skip: string;
  where: ComponentChildren;
  title: string;
  /** The command that serves the page. */
  start: string;
  /** Null until there was an answer. */
  children: ComponentChildren;
}

export function PolledPage({ view, feed, skip, where, title, start, children }: Props) {
  useEffect(() => {
    document.title = title;
  }, [title]);
  const answered = children !== null;
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); document.getElementById('main')!.focus(); }}>{skip}</a>
      <header class="top">
        <div class="top-row">
          <span class="brand"><Mark /><span>Gantry</span></span>
          <p class="where">{where}</p>
          <LiveBadge status={view.status} every="every two seconds" />
          <ThemeButton />
        </div>
      </header>
      <Connection view={view} onRetry={() => feed.retryNow()} start={start} />
      <main id="main" tabIndex={-1} class={view.status === 'lost' && answered ? 'stale' : ''}>
        {answered ? children : <p class="first-wait">{view.status === 'lost' ? 'No answer from gantry yet.' : 'Connecting to gantry …'}</p>}
      </main>
    </>
  );
}
