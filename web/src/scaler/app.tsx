// The page of scaled objects from top to bottom: the verdict over all, the toolbar, the table with its opened row.
import { PolledPage, useFeed } from '../views/polled_page';
import type { Feed } from './feed';
import { keyOf } from './query';
import { Empty } from './views/empty';
import { Status } from './views/status';
import { Table } from './views/table';
import { Toolbar } from './views/toolbar';
import { tabTitle, total } from './words';

export function App({ feed }: { feed: Feed }) {
  const view = useFeed(feed);
  const { list } = view;
  const live = view.status === 'live';
  return (
    <PolledPage
      view={view}
      feed={feed}
      skip="Skip to the triggers"
      where="scaled objects, as this scaler is asked about them"
      title={list ? tabTitle(list, live) : 'Gantry scaler'}
      start="gantry scaler --http :8090"
    >
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
      ) : null}
    </PolledPage>
  );
}
