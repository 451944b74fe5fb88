// The triggers in words: the verdict over all of them, what a reading makes, what a state means. Pure.
import { count, duration, isKnown, plural } from '../format';
import type { Level } from '../health';
import type { List, Metric, Problem, Replicas, Sample, Trigger, TriggerState } from './api';

export const STATES: Record<TriggerState, { name: string; tone: string; help: string }> = {
  error: { name: 'error', tone: 'tone-error', help: 'The last question could not be answered: KEDA gets an error, and the HPA keeps its replicas' },
  active: { name: 'active', tone: 'tone-busy', help: 'The lag is above activationLagThreshold: KEDA keeps at least one replica' },
  idle: { name: 'idle', tone: '', help: 'Nothing waits above activationLagThreshold' },
  not_asked: { name: 'not asked', tone: 'tone-unknown', help: 'Nobody asks about it: not yet, or not any more because it was deleted, paused, or KEDA asks another copy of the scaler' },
};

export function total(list: List): number {
  return list.counts.error + list.counts.active + list.counts.idle + list.counts.not_asked;
}

export interface Verdict {
  level: Level;
  title: string;
}

export function verdictOf(list: List): Verdict {
  const { counts } = list;
  const all = total(list);
  if (counts.error > 0) return { level: 'error', title: `${ofAll(counts.error, all)} ${counts.error === 1 ? 'fails' : 'fail'}` };
  if (all === 0) return { level: 'idle', title: 'Waiting for the first question' };
  if (counts.not_asked === all) return { level: 'unknown', title: `${ofAll(all, all)} ${all === 1 ? 'is' : 'are'} not asked about` };
  if (counts.active > 0) return { level: 'busy', title: `${ofAll(counts.active, all)} ${counts.active === 1 ? 'is' : 'are'} active` };
  return { level: 'idle', title: 'Healthy, nothing waiting' };
}

function ofAll(some: number, all: number): string {
  if (some < all) return `${count(some)} of ${plural(all, 'trigger')}`;
  return all === 1 ? 'The only trigger' : `All ${plural(all, 'trigger')}`;
}

/** "shop/orders and 2 more: cannot reach ...". */
export function problemText(problem: Problem): string {
  const rest = problem.triggers > 1 ? ` and ${count(problem.triggers - 1)} more` : '';
  return `${problem.namespace}/${problem.name}${rest}: ${problem.error}`;
}

export function tabTitle(list: List, live: boolean): string {
  const all = total(list);
  const text = list.counts.error > 0 ? `${count(list.counts.error)} failing of ${count(all)} · Gantry scaler` : `${count(list.counts.active)} active of ${count(all)} · Gantry scaler`;
  return live ? text : `(stale) ${text}`;
}

export function isAge(metric: Metric): boolean {
  return metric.name.endsWith('seconds');
}

/** In the metric's own unit: "1,234" or "12.5 s". */
export function amount(metric: Metric, v: number): string {
  return isAge(metric) ? seconds(v) : count(v);
}

export function seconds(v: number): string {
  return v === 0 ? '0 s' : duration(v * 1000);
}

/** "1,234 messages at 300 a replica make 5 replicas". */
export function reckoning(metric: Metric): string {
  const unit = isAge(metric) ? '' : metric.value === 1 ? ' message' : ' messages';
  if (!isKnown(metric.value)) return `${metric.name} is unknown: ${metric.unknown}`;
  const what = `${metric.name}: ${amount(metric, metric.value)}${unit} at ${amount(metric, metric.target)} a replica`;
  return isKnown(metric.desired) ? `${what} make ${plural(metric.desired, 'replica')}` : what;
}

/** What the HPA says, and within which bounds; null when there is nothing to add to "unknown". */
export function hpaText(replicas: Replicas): string | null {
  if (!isKnown(replicas.current)) return null;
  const wants = isKnown(replicas.hpa_desired) ? ` and wants ${count(replicas.hpa_desired)}` : '';
  return `${replicas.hpa} has ${plural(replicas.current, 'replica')}${wants}${bounds(replicas, ', within ')}`;
}

/** "0–20". */
export function bounds(replicas: Replicas, before = ''): string {
  if (!isKnown(replicas.min) || !isKnown(replicas.max)) return '';
  return `${before}${count(replicas.min)}–${count(replicas.max)}`;
}

/** "capped from 1,000": why the number that KEDA is told is not the measured one; null: it is. */
export function whyOther(metric: Metric): string | null {
  if (!isKnown(metric.value)) return null;
  if (metric.why_short) return metric.why_short;
  return isKnown(metric.measured) && metric.measured !== metric.value ? `${amount(metric, metric.measured)} measured` : null;
}

/** Whether KEDA was ever told another number than was measured: then the chart shows both. */
export function tellsOther(history: Sample[]): boolean {
  return history.some((s) => s.lag !== s.measured);
}

/** The sentence under a row that something is wrong with; null: nothing is. */
export function complaint(trigger: Trigger): string | null {
  if (trigger.state === 'error') return trigger.error;
  return trigger.replicas.problem || null;
}

/** Position on the time axis of a history: seconds before now (negative) -> "5 min ago". */
export function before(s: number): string {
  return s > -0.5 ? 'now' : `−${duration(Math.round(-s) * 1000)}`;
}

export function metricNamed(trigger: Trigger, name: string): Metric | undefined {
  return trigger.metrics.find((m) => m.name === name);
}
