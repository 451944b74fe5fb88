// Asks a server for what the query chooses, every two seconds while somebody looks. Polled, not streamed: each page wants
// other rows, and a question that is lost is asked again. The query is kept in the address.
import { wait_ms } from './backoff';

const INTERVAL_MS = 2000;
/** A pause after the last key before a search is sent. */
const TYPING_MS = 200;
const TIMEOUT_MS = 5000;

export interface PolledView<Query> {
  status: 'connecting' | 'live' | 'lost';
  query: Query;
  received_at_ms: number | null;
  retry_at_ms: number | null;
}

/** The server answered that it will not. */
export class Refused extends Error {}

export async function getJson<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(path, { signal, headers: { accept: 'application/json' } });
  const body = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Refused(body.error ?? `HTTP ${response.status}`);
  return body;
}

/** The answer, or why there is none for what was asked; what fails otherwise is thrown. */
export async function orRefused<T>(answer: Promise<T>): Promise<T | Refused> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}

export abstract class PolledFeed<Query extends object, View extends PolledView<Query>> {
  private timer = 0;
  private running: AbortController | null = null;
  private attempts = 0;
  private readonly listeners = new Set<() => void>();

  constructor(public view: View) {}

  /** What the address says, and back. */
  protected abstract parse(hash: string): Query;
  protected abstract toHash(query: Query): string;
  /** What is to be shown of the query; it may choose() another one and return null. */
  protected abstract read(query: Query, signal: AbortSignal): Promise<Partial<View> | null>;
  /** Of the old query, what must not be shown under the new one. */
  protected abstract forget(before: Query, query: Query): Partial<View>;
  /** The query after a change of some of its parts. */
  protected abstract changed(query: Query, change: Partial<Query>): Query;

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
      const query = this.parse(location.hash);
      if (this.toHash(query) !== this.toHash(this.view.query)) this.show(query, 0);
    });
    void this.ask();
  }

  retryNow(): void {
    void this.ask();
  }

  choose(change: Partial<Query>): void {
    const query = this.changed(this.view.query, change);
    history.replaceState(null, '', this.toHash(query) || location.pathname);
    this.show(query, 'q' in change ? TYPING_MS : 0);
  }

  private show(query: Query, delay_ms: number): void {
    this.set({ ...this.forget(this.view.query, query), query } as unknown as Partial<View>);
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
      this.set({ retry_at_ms: null } as Partial<View>);
      const read = await this.read(this.view.query, asked.signal);
      if (asked !== this.running || read === null) return; // another question has been asked meanwhile
      this.attempts = 0;
      this.set({ ...read, status: 'live', received_at_ms: Date.now() });
      if (!document.hidden) this.later(INTERVAL_MS);
    } catch {
      if (asked !== this.running) return;
      const wait = wait_ms(this.attempts++, Math.random());
      this.set({ status: 'lost', retry_at_ms: Date.now() + wait } as Partial<View>);
      this.later(wait);
    } finally {
      clearTimeout(timeout);
    }
  }
}
