// The one-glance verdict: is it healthy, what is unknown, what needs a person. Pure.
import type { State, Worker } from './api';
import { count, isKnown, plural } from './format';

/** From calm to urgent. */
export type Level = 'idle' | 'busy' | 'unknown' | 'error';

export interface Problem {
  level: 'unknown' | 'error';
  text: string;
  /** Id of the section of the page that tells more. */
  section: 'scaling' | 'workers' | 'groups' | 'figures';
}

export interface Verdict {
  level: Level;
  title: string;
  problems: Problem[];
}

const BROKEN_WORKERS = new Set(['backoff', 'failed']);

export function isBroken(worker: Worker): boolean {
  return BROKEN_WORKERS.has(worker.state);
}

export function problemsOf(state: State): Problem[] {
  const problems: Problem[] = [];
  const told = new Set<string>(); // a trigger and its group often fail for the same reason; once is enough
  for (const object of [...state.scaled_objects, ...state.scaled_jobs]) {
    if (object.last_error) {
      told.add(object.last_error);
      problems.push({ level: 'error', text: `${object.name}: ${object.last_error}`, section: 'scaling' });
    }
    for (const trigger of object.triggers) {
      if (trigger.error && trigger.error !== object.last_error) {
        told.add(trigger.error);
        problems.push({ level: 'unknown', text: `${object.name}, trigger ${trigger.name}: ${trigger.error}`, section: 'scaling' });
      }
    }
  }
  for (const job of state.scaled_jobs) {
    if (job.last_failure) problems.push({ level: 'error', text: `${count(job.failed)} of ${plural(job.failed + job.succeeded, 'finished job')} failed; ${job.last_failure}`, section: 'scaling' });
  }
  const broken = state.workers.filter(isBroken);
  if (broken.length > 0) {
    const first = broken[0]!;
    const rest = broken.length > 1 ? ` and ${count(broken.length - 1)} more` : '';
    const why = first.error || first.exit;
    problems.push({ level: 'error', text: `worker ${first.name}${rest} ${broken.length > 1 ? 'keep' : 'keeps'} failing${why ? `: ${why}` : ''}`, section: 'workers' });
  }
  if (state.generator?.error) {
    problems.push({ level: 'error', text: `the burst cannot be sent now and is tried again: ${state.generator.error}`, section: 'figures' });
  }
  for (const group of state.groups) {
    if (group.problem) problems.push({ level: 'error', text: `${group.topic}/${group.group}: ${group.problem}`, section: 'groups' });
    for (const reason of group.unknown) {
      if (told.has(reason)) continue;
      problems.push({ level: 'unknown', text: `${group.topic}/${group.group}: ${reason}`, section: 'groups' });
    }
  }
  return problems;
}

export function verdictOf(state: State): Verdict {
  const problems = problemsOf(state);
  if (problems.some((p) => p.level === 'error')) return { level: 'error', title: 'Needs attention', problems };
  if (problems.length > 0 || !isKnown(state.totals.lag)) return { level: 'unknown', title: 'Partly unknown', problems };
  if (state.totals.lag > 0) return { level: 'busy', title: 'Working off a backlog', problems };
  return { level: 'idle', title: 'Healthy, nothing waiting', problems };
}

/** Why the sums are unknown: the first reason, and how many more there are. */
export function whyUnknown(state: State): string {
  const reasons = state.groups.flatMap((g) => [...g.unknown, ...g.notes]);
  if (reasons.length === 0) return 'not read yet';
  return reasons.length === 1 ? reasons[0]! : `${reasons[0]} (and ${count(reasons.length - 1)} more)`;
}

/** The title of the browser tab: the backlog and the replicas, readable while the tab is in the background. */
export function tabTitle(state: State, live: boolean): string {
  const text = `${count(state.totals.lag)} waiting · ${plural(state.totals.replicas, 'replica')} · Gantry`;
  return live ? text : `(stale) ${text}`;
}
