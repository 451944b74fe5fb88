// Asks the server for what the query chooses, every two seconds while somebody looks, and for the opened object's history.
// Polled, not streamed: each page wants other rows, and a question that is lost is asked again.
import { wait_ms } from '../backoff';
import type { List, ScaledObject } from './api';
import { changed, listPath, objectPath, parseHash, type Query, toHash } from './query';

const INTERVAL_MS = 2000;
/** A pause after the last key before a search is sent. */
const TYPING_MS = 200;
const TIMEOUT_MS = 5000;

export interface View {
  status: 'connecting' | 'live' | 'lost';
  query: Query;
  list: List | null;
  /** Of the opened row; null while none is, or until it is there. */
  object: ScaledObject | null;
  /** Why there is no object though a row is open; empty: there is, or it is on its way. */
  object_error: string;
  received_at_ms: number | null;
  retry_at_ms: number | null;
}

class Refused extends Error {}

async function getJson<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(path, { signal, headers: { accept: 'application/json' } });
  const body = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Refused(body.error ?? `HTTP ${response.status}`);
  return body;
}

export class Feed {
  view: View = { status: 'connecting', query: parseHash(location.hash), list: null, object: null, object_error: '', received_at_ms: null, retry_at_ms: null };
  private timer = 0;
  private running: AbortController | null = null;
  private attempts = 0;
  private readonly listeners = new Set<() => void>();

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): void {
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) void this.ask();
    });
    addEventListener('online', () => void this.ask());
    addEventListener('hashchange', () => {
      const query = parseHash(location.hash);
      if (toHash(query) !== toHash(this.view.query)) this.show(query, 0);
    });
    void this.ask();
  }

  retryNow(): void {
    void this.ask();
  }

  choose(change: Partial<Query>): void {
    const query = changed(this.view.query, change);
    history.replaceState(null, '', toHash(query) || location.pathname);
    this.show(query, 'q' in change ? TYPING_MS : 0);
  }

  /** Opens a row, or closes the open one; the rows stay as they are. */
  open(key: string): void {
    this.choose({ open: key, offset: this.view.query.offset });
  }

  private show(query: Query, delay_ms: number): void {
    const other = objectPath(query.open) !== objectPath(this.view.query.open);
    this.set({ query, ...(other ? { object: null, object_error: '' } : {}) });
    this.later(delay_ms);
  }

  private set(change: Partial<View>): void {
    this.view = { ...this.view, ...change };
    for (const listener of this.listeners) listener();
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), ms) as unknown as number;
  }

  private async ask(): Promise<void> {
    clearTimeout(this.timer);
    this.running?.abort();
    const asked = (this.running = new AbortController());
    const timeout = setTimeout(() => asked.abort(), TIMEOUT_MS);
    try {
      const { query } = this.view;
      this.set({ retry_at_ms: null });
      const path = objectPath(query.open);
      const object = path === null ? null : getJson<ScaledObject>(path, asked.signal).catch((error: unknown) => {
        if (error instanceof Refused) return error;
        throw error;
      });
      const [list, opened] = await Promise.all([getJson<List>(listPath(query), asked.signal), object]);
      if (asked !== this.running) return; // another question has been asked meanwhile
      if (list.triggers.length === 0 && list.offset > 0 && list.matched > 0) return this.choose({}); // fewer than there were
      this.attempts = 0;
      this.set({
        status: 'live',
        list,
        object: opened instanceof Refused ? null : opened,
        object_error: opened instanceof Refused ? opened.message : '',
        received_at_ms: Date.now(),
      });
      if (!document.hidden) this.later(INTERVAL_MS);
    } catch {
      if (asked !== this.running) return;
      const wait = wait_ms(this.attempts++, Math.random());
      this.set({ status: 'lost', retry_at_ms: Date.now() + wait });
      this.later(wait);
    } finally {
      clearTimeout(timeout);
    }
  }
}
