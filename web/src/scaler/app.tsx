// The page of scaled objects from top to bottom: the verdict over all, the toolbar, the table with its opened row.
import { useEffect, useState } from 'preact/hooks';
import { LiveBadge, Mark, ThemeButton } from '../views/header';
import { Connection } from '../views/status';
import type { Feed, View } from './feed';
import { keyOf } from './query';
import { Empty } from './views/empty';
import { Status } from './views/status';
import { Table } from './views/table';
import { Toolbar } from './views/toolbar';
import { tabTitle, total } from './words';

function useFeed(feed: Feed): View {
  const [view, setView] = useState(feed.view);
  useEffect(() => feed.subscribe(() => setView(feed.view)), [feed]);
  return view;
}

export function App({ feed }: { feed: Feed }) {
  const view = useFeed(feed);
  const { list } = view;
  const live = view.status === 'live';
  useEffect(() => {
    document.title = list ? tabTitle(list, live) : 'Gantry scaler';
  }, [list, live]);

  return (
    <>
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); document.getElementById('main')!.focus(); }}>Skip to the triggers</a>
      <header class="top">
        <div class="top-row">
          <span class="brand"><Mark /><span>Gantry</span></span>
          <p class="where">scaled objects, as this scaler is asked about them</p>
          <LiveBadge status={view.status} every="every two seconds" />
          <ThemeButton />
        </div>
      </header>
      <Connection view={view} onRetry={() => feed.retryNow()} start="gantry scaler --http :8090" />
      <main id="main" tabIndex={-1} class={view.status === 'lost' && list ? 'stale' : ''}>
        {list ? (
          <>
            <Status list={list} live={live} onOpen={(p) => feed.choose({ q: `${p.namespace}/${p.name}`, state: null, open: keyOf(p) })} />
            {total(list) === 0 ? <Empty /> : (
              <>
                <Toolbar list={list} query={view.query} onChange={(change) => feed.choose(change)} />
                <Table list={list} view={view} onChange={(change) => feed.choose(change)} onOpen={(key) => feed.open(key)} />
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
