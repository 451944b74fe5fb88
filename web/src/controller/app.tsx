// The page of replica sets from top to bottom: the verdict over all, the controllers, the toolbar, the sets with the
// opened one, the newest elections.
import { PolledPage, useFeed } from '../views/polled_page';
import type { Feed } from './feed';
import { Elections } from './views/elections';
import { Empty } from './views/empty';
import { Members } from './views/members';
import { Status } from './views/status';
import { Table } from './views/table';
import { Toolbar } from './views/toolbar';
import { tabTitle } from './words';

export function App({ feed }: { feed: Feed }) {
  const view = useFeed(feed);
  const { controller, list } = view;
  const live = view.status === 'live';
  return (
    <PolledPage
      view={view}
      feed={feed}
      skip="Skip to the sets"
      where={controller ? <>controller {controller.name} of {controller.group}<span class="where-address">{controller.address}</span></> : 'controller'}
      title={controller ? tabTitle(controller, live) : 'Gantry controller'}
      start="gantry controller --http :9880"
    >
      {controller && list ? (
        <>
          <Status controller={controller} live={live} />
          {controller.members.length > 0 && <Members controller={controller} />}
          {controller.sets.total === 0 ? <Empty controller={controller} /> : (
            <>
              <Toolbar controller={controller} query={view.query} onChange={(change) => feed.choose(change)} />
              <Table controller={controller} view={view} list={list} now_ms={controller.now_ms} onChange={(change) => feed.choose(change)} onOpen={(name) => feed.open(name)} />
              <Elections elections={view.elections} now_ms={controller.now_ms} searched={view.query.q !== ''} onOpen={(name) => feed.choose({ q: name, state: null, open: name })} />
            </>
          )}
        </>
      ) : null}
    </PolledPage>
  );
}
