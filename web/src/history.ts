// Samples into series that a chart can draw. Pure. A gap in knowledge is a gap in the line: null stays null.
import type { Maybe, Sample } from './api';
import { isKnown } from './format';

/** Two hours at one sample a second; older ones are thinned, not kept. */
export const MAX_SAMPLES = 7200;

/** Samples by growing t_s; a sample with a t_s already there replaces it. Returns a new array only when it changed. */
export function append(samples: Sample[], next: Sample): Sample[] {
  const last = samples.at(-1);
  if (!last || next.t_s > last.t_s) {
    const grown = [...samples, next];
    return grown.length > MAX_SAMPLES ? thin(grown) : grown;
  }
  if (next.t_s === last.t_s) return [...samples.slice(0, -1), next];
  return samples;
}

/** What the server remembers, then what we saw after that. */
export function merge(server: Sample[], ours: Sample[]): Sample[] {
  const last = server.at(-1);
  const newer = last ? ours.filter((s) => s.t_s > last.t_s) : ours;
  const all = [...server, ...newer];
  return all.length > MAX_SAMPLES ? thin(all) : all;
}

/** Drops every second sample of the older half. */
function thin(samples: Sample[]): Sample[] {
  const half = samples.length >> 1;
  return samples.filter((_, i) => i >= half || i % 2 === 0);
}

/** The samples of the last `seconds`; Infinity for all. */
export function lastSeconds(samples: Sample[], seconds: number): Sample[] {
  const last = samples.at(-1);
  if (!last || !Number.isFinite(seconds)) return samples;
  const from = last.t_s - seconds;
  let i = samples.length - 1;
  while (i > 0 && samples[i - 1]!.t_s >= from) --i;
  return samples.slice(i);
}

/** The usual span; where nothing happened in it, and something before, the shortest span that shows that. */
export function spanToShow(samples: Sample[], spans: readonly number[], usual: number): number {
  let i = samples.length - 1;
  while (i >= 0 && samples[i]!.lag === 0) --i;
  if (i < 0) return usual;
  const ago = samples.at(-1)!.t_s - samples[i]!.t_s;
  return ago < usual ? usual : spans.find((span) => span > ago) ?? Infinity;
}

/**
 * Per-second rate of a counter, over a window of about `window_s` ending at each sample. null where either end is
 * unknown, at the first sample, and where the counter went backwards (it was restarted).
 */
export function rates(samples: Sample[], key: 'incoming' | 'consumed', window_s = 3): Maybe[] {
  const out: Maybe[] = [];
  let from = 0;
  for (let i = 0; i < samples.length; ++i) {
    const now = samples[i]!;
    while (from < i - 1 && now.t_s - samples[from + 1]!.t_s >= window_s - 0.5) ++from; // half a sample: they jitter
    const then = samples[from]!;
    const dt = now.t_s - then.t_s;
    const a = then[key];
    const b = now[key];
    out.push(i > from && dt > 0 && isKnown(a) && isKnown(b) && b >= a ? (b - a) / dt : null);
  }
  return out;
}

/** Index ranges [first, last] where a value is unknown, for shading. */
export function unknownRanges(values: readonly Maybe[]): [number, number][] {
  const ranges: [number, number][] = [];
  values.forEach((v, i) => {
    if (isKnown(v)) return;
    const last = ranges.at(-1);
    if (last && last[1] === i - 1) last[1] = i;
    else ranges.push([i, i]);
  });
  return ranges;
}

/** Largest known value, or null when none is known. */
export function peak(values: readonly Maybe[]): Maybe {
  return values.reduce<Maybe>((max, v) => (isKnown(v) && (max === null || v > max) ? v : max), null);
}
