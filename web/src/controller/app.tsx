// The page of replica sets from top to bottom: the verdict over all, the controllers, the toolbar, the sets with the
// opened one, the newest elections.
import { useEffect, useState } from 'preact/hooks';
import { LiveBadge, Mark, ThemeButton } from '../views/header';
import { Connection } from '../views/status';
import type { Feed, View } from './feed';
import { Elections } from './views/elections';
import { Empty } from './views/empty';
import { Members } from './views/members';
import { Status } from './views/status';
import { Table } from './views/table';
import { Toolbar } from './views/toolbar';
import { tabTitle } from './words';

function useFeed(feed: Feed): View {
  const [view, setView] = useState(feed.view);
  useEffect(() => feed.subscribe(() => setView(feed.view)), [feed]);
  return view;
}

export function App({ feed }: { feed: Feed }) {
  const view = useFeed(feed);
  const { controller, list } = view;
  const live = view.status === 'live';
  useEffect(() => {
    document.title = controller ? tabTitle(controller, live) : 'Gantry controller';
  }, [controller, live]);

  return (
    <>
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); document.getElementById('main')!.focus(); }}>Skip to the sets</a>
      <header class="top">
        <div class="top-row">
          <span class="brand"><Mark /><span>Gantry</span></span>
          <p class="where">
            {controller ? <>controller {controller.name} of {controller.group}<span class="where-address">{controller.address}</span></> : 'controller'}
          </p>
          <LiveBadge status={view.status} every="every two seconds" />
          <ThemeButton />
        </div>
      </header>
      <Connection view={view} onRetry={() => feed.retryNow()} start="gantry controller --http :9880" />
      <main id="main" tabIndex={-1} class={view.status === 'lost' && controller ? 'stale' : ''}>
        {controller && list ? (
          <>
            <Status controller={controller} live={live} />
            {controller.members.length > 0 && <Members controller={controller} />}
            {controller.sets.total === 0 ? <Empty controller={controller} /> : (
              <>
                <Toolbar controller={controller} query={view.query} onChange={(change) => feed.choose(change)} />
                <Table view={view} list={list} now_ms={controller.now_ms} onChange={(change) => feed.choose(change)} onOpen={(name) => feed.open(name)} />
                <Elections elections={view.elections} now_ms={controller.now_ms} searched={view.query.q !== ''} onOpen={(name) => feed.choose({ q: name, state: null, open: name })} />
              </>
            )}
          </>
        ) : (
          <p class="first-wait">{view.status === 'lost' ? 'No answer from gantry yet.' : 'Connecting to gantry …'}</p>
        )}
      </main>
    </>
  );
}
