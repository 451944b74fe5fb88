// The page from top to bottom. Everything is drawn anew from one State each second; what a person did to the page
// (opened rows, focus, the chosen span) lives in the DOM or in the part concerned and survives that.
import { useEffect, useState } from 'preact/hooks';
import type { Feed, FeedView } from './feed';
import { tabTitle, verdictOf } from './health';
import { Charts } from './views/charts';
import { Commands } from './views/commands';
import { Figures } from './views/figures';
import { Groups } from './views/groups';
import { Header } from './views/header';
import { Scaling } from './views/scaling';
import { Connection, Status } from './views/status';
import { Workers } from './views/workers';

function useFeed(feed: Feed): FeedView {
  const [view, setView] = useState(feed.view);
  useEffect(() => feed.subscribe(() => setView(feed.view)), [feed]);
  return view;
}

export function App({ feed }: { feed: Feed }) {
  const view = useFeed(feed);
  const { state } = view;
  const live = view.status === 'live';
  useEffect(() => {
    document.title = state ? tabTitle(state, live) : 'Gantry';
  }, [state, live]);

  return (
    <>
      <a class="skip" href="#main">Skip to the figures</a>
      <Header view={view} />
      <Connection view={view} onRetry={() => feed.retryNow()} />
      <main id="main" tabIndex={-1} class={view.status === 'lost' && state ? 'stale' : ''}>
        {state ? (
          <>
            <Status state={state} verdict={verdictOf(state)} live={live} />
            <Figures state={state} />
            <Charts samples={view.samples} />
            <div class="columns">
              <Scaling state={state} />
              <Workers state={state} />
            </div>
            <Groups state={state} />
            <Commands state={state} />
          </>
        ) : (
          <p class="first-wait">{view.status === 'lost' ? 'No answer from gantry yet.' : 'Connecting to gantry …'}</p>
        )}
      </main>
    </>
  );
}
