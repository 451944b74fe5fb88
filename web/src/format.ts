// Numbers into words: counts, rates, ages, instants. Pure. Every function takes null for "unknown" and says so; none
// turns it into 0.
import type { Maybe } from './api';

export const UNKNOWN = 'unknown';

/** What "in flight" means, for tooltips. */
export const IN_FLIGHT = 'Fetched ahead by consumers and not yet acknowledged: being worked on, or next in their hands';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

export function isKnown(v: Maybe | undefined): v is number {
  return typeof v === 'number' && Number.isFinite(v);
}

/** 12345 -> "12,345"; a million and more are shortened: "1.23M". */
export function count(v: Maybe | undefined): string {
  if (!isKnown(v)) return UNKNOWN;
  if (Math.abs(v) >= 1e9) return `${(v / 1e9).toFixed(2)}G`;
  if (Math.abs(v) >= 1e6) return `${(v / 1e6).toFixed(2)}M`;
  return whole.format(v);
}

/** Axis labels: 1500 -> "1.5k". */
export function shortCount(v: number): string {
  const abs = Math.abs(v);
  if (abs >= 1e9) return `${oneDigit.format(v / 1e9)}G`;
  if (abs >= 1e6) return `${oneDigit.format(v / 1e6)}M`;
  if (abs >= 1e3) return `${oneDigit.format(v / 1e3)}k`;
  return oneDigit.format(v);
}

/** Messages per second; one digit after the point only below 10, where it matters. */
export function rate(v: Maybe | undefined): string {
  if (!isKnown(v)) return UNKNOWN;
  return Math.abs(v) < 10 ? oneDigit.format(v) : count(v);
}

/** 340 -> "340 ms", 12_400 -> "12.4 s", 75_000 -> "1 min 15 s", 7_500_000 -> "2 h 5 min", then days. */
export function duration(ms: Maybe | undefined): string {
  if (!isKnown(ms)) return UNKNOWN;
  if (ms < 0) return `−${duration(-ms)}`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${oneDigit.format(ms / 1000)} s`;
  const s = Math.round(ms / 1000);
  if (s < 3600) return two(Math.floor(s / 60), 'min', s % 60, 's');
  const min = Math.floor(s / 60);
  if (min < 1440) return two(Math.floor(min / 60), 'h', min % 60, 'min');
  const h = Math.floor(min / 60);
  return two(Math.floor(h / 24), 'd', h % 24, 'h');
}

function two(a: number, unitA: string, b: number, unitB: string): string {
  return b === 0 ? `${a} ${unitA}` : `${a} ${unitA} ${b} ${unitB}`;
}

/** "1 min 15 s" -> [["1", "min"], ["15", "s"]] for display: figures large, units small. "unknown" has no unit. */
export function splitUnits(text: string): [figure: string, unit: string][] {
  const words = text.split(' ');
  const pairs: [string, string][] = [];
  for (let i = 0; i < words.length; i += 2) pairs.push([words[i]!, words[i + 1] ?? '']);
  return pairs;
}

/** Position on the time axis: 0 -> "0:00", 75 -> "1:15", 3675 -> "1:01:15". */
export function clock(s: number): string {
  const t = Math.max(0, Math.round(s));
  const sec = String(t % 60).padStart(2, '0');
  const min = Math.floor(t / 60) % 60;
  const h = Math.floor(t / 3600);
  return h > 0 ? `${h}:${String(min).padStart(2, '0')}:${sec}` : `${min}:${sec}`;
}

/** How long ago, by the server's clock: "just now", "4 s ago". */
export function ago(then_ms: Maybe | undefined, now_ms: number): string {
  if (!isKnown(then_ms)) return UNKNOWN;
  const ms = now_ms - then_ms;
  if (ms < 1500) return 'just now';
  return `${duration(Math.round(ms / 1000) * 1000)} ago`;
}

/** "1 message", "2 messages"; unknown stays "unknown messages". */
export function plural(v: Maybe | undefined, one: string, many = `${one}s`): string {
  return `${count(v)} ${v === 1 ? one : many}`;
}
