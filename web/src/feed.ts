// The connection to the server: listens to /api/events, notices silence, comes back with growing waits, and keeps the
// last state with the time it came. Anything that draws subscribes to it.
import type { History, Sample, State } from './api';
import { wait_ms } from './backoff';
import { append, merge } from './history';

/** How long the first picture waits for the past, so that charts begin with their lines. */
const HISTORY_LIMIT_MS = 1500;
/** The server sends about once a second; longer silence than this means that it, or the way to it, is gone. */
const SILENCE_LIMIT_MS = 5000;

export interface FeedView {
  status: 'connecting' | 'live' | 'lost';
  state: State | null;
  samples: Sample[];
  /** By the browser's clock: when the last state came, when contact was lost, when the next attempt is due. */
  received_at_ms: number | null;
  retry_at_ms: number | null;
  attempts: number;
}

/** null when it cannot be had: the stream tells whether the server is there. */
async function fetchHistory(): Promise<History | null> {
  try {
    const response = await fetch('api/history', { headers: { accept: 'application/json' } });
    return response.ok ? ((await response.json()) as History) : null;
  } catch {
    return null;
  }
}

export class Feed {
  view: FeedView = { status: 'connecting', state: null, samples: [], received_at_ms: null, retry_at_ms: null, attempts: 0 };
  private source: EventSource | null = null;
  private retryTimer = 0;
  private silenceTimer = 0;
  private readonly listeners = new Set<() => void>();

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): void {
    this.connect();
    // A laptop that wakes up, or a tab that comes to the front, should not sit out a long wait.
    const wake = () => {
      if (!document.hidden && this.view.status === 'lost') this.retryNow();
    };
    document.addEventListener('visibilitychange', wake);
    addEventListener('online', wake);
  }

  retryNow(): void {
    this.connect();
  }

  private set(change: Partial<FeedView>): void {
    this.view = { ...this.view, ...change };
    for (const listener of this.listeners) listener();
  }

  private connect(): void {
    clearTimeout(this.retryTimer);
    this.source?.close();
    this.set({ retry_at_ms: null });
    const source = new EventSource('api/events');
    this.source = source;
    // Asked for at the same time; what comes meanwhile waits for it. A failure costs only the past.
    let past: History | null = null;
    let waiting: State | null = null;
    let ready = false;
    const begin = () => {
      if (ready || source !== this.source) return;
      ready = true;
      if (waiting) this.accept(waiting, past);
    };
    void fetchHistory().then((history) => {
      past = history;
      if (waiting) begin();
      else ready = true;
    });
    const limit = setTimeout(begin, HISTORY_LIMIT_MS);
    source.addEventListener('state', (event) => {
      if (source !== this.source) return;
      let state: State;
      try {
        state = JSON.parse((event as MessageEvent<string>).data) as State;
      } catch {
        return; // a line cut short is as good as none; the silence timer decides
      }
      waiting = state;
      if (ready) {
        clearTimeout(limit);
        this.accept(state, past);
        past = null;
      }
      this.listenForSilence();
    });
    source.onerror = () => {
      if (source === this.source) this.lose();
    };
    this.listenForSilence();
  }

  private listenForSilence(): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => this.lose(), SILENCE_LIMIT_MS) as unknown as number;
  }

  private accept(state: State, past: History | null): void {
    const before = this.view.state;
    const restarted = before !== null && state.uptime_s < before.uptime_s;
    const ours = restarted ? [] : this.view.samples;
    this.set({
      status: 'live',
      state,
      samples: append(past ? merge(past.samples, ours) : ours, state.sample),
      received_at_ms: Date.now(),
      retry_at_ms: null,
      attempts: 0,
    });
  }

  private lose(): void {
    clearTimeout(this.silenceTimer);
    clearTimeout(this.retryTimer);
    this.source?.close();
    this.source = null;
    const wait = wait_ms(this.view.attempts, Math.random());
    this.retryTimer = setTimeout(() => this.connect(), wait) as unknown as number;
    this.set({ status: 'lost', retry_at_ms: Date.now() + wait, attempts: this.view.attempts + 1 });
  }
}
