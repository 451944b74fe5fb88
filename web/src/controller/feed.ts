// Asks for this controller, the sets that the query chooses, the newest elections, and the opened set.
import { getJson, orRefused, PolledFeed, type PolledView, Refused } from '../polled';
import type { Controller, ElectionOfSet, List, OpenSet } from './api';
import { changed, electionsPath, listPath, parseHash, type Query, setPath, toHash } from './query';

export interface View extends PolledView<Query> {
  controller: Controller | null;
  list: List | null;
  elections: ElectionOfSet[];
  /** Of the opened row; null while none is, or until it is there. */
  set: OpenSet | null;
  /** Why there is no set though a row is open. */
  set_error: string;
}

export class Feed extends PolledFeed<Query, View> {
  constructor() {
    super({ status: 'connecting', query: parseHash(location.hash), controller: null, list: null, elections: [], set: null, set_error: '', received_at_ms: null, retry_at_ms: null });
  }

  /** Opens a row, or closes the open one; the rows stay as they are. */
  open(name: string): void {
    this.choose({ open: name, offset: this.view.query.offset });
  }

  protected parse = parseHash;
  protected toHash = toHash;
  protected changed = changed;

  protected forget(before: Query, query: Query): Partial<View> {
    return query.open === before.open ? {} : { set: null, set_error: '' };
  }

  protected async read(query: Query, signal: AbortSignal): Promise<Partial<View> | null> {
    const path = setPath(query.open);
    const [controller, list, { elections }, opened] = await Promise.all([
      getJson<Controller>('api/controller', signal),
      getJson<List>(listPath(query), signal),
      getJson<{ elections: ElectionOfSet[] }>(electionsPath(query), signal),
      path === null ? null : orRefused(getJson<OpenSet>(path, signal)),
    ]);
    if (list.sets.length === 0 && list.offset > 0 && list.matching > 0) {
      this.choose({}); // fewer than there were
      return null;
    }
    const refused = opened instanceof Refused;
    return { controller, list, elections, set: refused ? null : opened, set_error: refused ? opened.message : '' };
  }
}
