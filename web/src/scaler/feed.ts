// Asks for the triggers that the query chooses, and for the opened object's history.
import { getJson, orRefused, PolledFeed, type PolledView, Refused } from '../polled';
import type { List, ScaledObject } from './api';
import { changed, listPath, objectPath, parseHash, type Query, toHash } from './query';

export interface View extends PolledView<Query> {
  list: List | null;
  /** Of the opened row; null while none is, or until it is there. */
  object: ScaledObject | null;
  /** Why there is no object though a row is open; empty: there is, or it is on its way. */
  object_error: string;
}

export class Feed extends PolledFeed<Query, View> {
  constructor() {
    super({ status: 'connecting', query: parseHash(location.hash), list: null, object: null, object_error: '', received_at_ms: null, retry_at_ms: null });
  }

  /** Opens a row, or closes the open one; the rows stay as they are. */
  open(key: string): void {
    this.choose({ open: key, offset: this.view.query.offset });
  }

  protected parse = parseHash;
  protected toHash = toHash;
  protected changed = changed;

  protected forget(before: Query, query: Query): Partial<View> {
    return objectPath(query.open) === objectPath(before.open) ? {} : { object: null, object_error: '' };
  }

  protected async read(query: Query, signal: AbortSignal): Promise<Partial<View> | null> {
    const path = objectPath(query.open);
    const object = path === null ? null : orRefused(getJson<ScaledObject>(path, signal));
    const [list, opened] = await Promise.all([getJson<List>(listPath(query), signal), object]);
    if (list.triggers.length === 0 && list.offset > 0 && list.matched > 0) {
      this.choose({}); // fewer than there were
      return null;
    }
    return opened instanceof Refused ? { list, object: null, object_error: opened.message } : { list, object: opened, object_error: '' };
  }
}
