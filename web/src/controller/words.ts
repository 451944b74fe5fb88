// Sets and controllers in words: the verdict over all of them, what a state means. Pure.
import { count, isKnown, plural } from '../format';
import type { Level } from '../health';
import type { Controller, Replica, ReplicaSet, SetState } from './api';

export const STATES: Record<SetState, { name: string; tone: string; help: string }> = {
  no_master: { name: 'no master', tone: 'tone-error', help: 'No member in sync is alive: nothing can be written to it until one is back' },
  degraded: { name: 'degraded', tone: 'tone-warn', help: 'It has a master, but a member is silent or not in sync' },
  new: { name: 'new', tone: 'tone-unknown', help: 'It never had a master: the first of its brokers that asks becomes it' },
  healthy: { name: 'healthy', tone: '', help: 'Every member is alive and in sync' },
};

export interface Verdict {
  level: Level;
  title: string;
}

export function verdictOf(c: Controller): Verdict {
  if (c.role === null) return { level: 'unknown', title: 'Of no group yet' };
  if (c.leader === null) return { level: 'error', title: 'No controller leads' };
  const { sets } = c;
  if (sets.total === 0) return { level: 'idle', title: 'Waiting for the first broker' };
  if (sets.no_master > 0) return { level: 'error', title: `${ofAll(sets.no_master, sets.total)} ${sets.no_master === 1 ? 'has' : 'have'} no master` };
  if (sets.degraded > 0) return { level: 'busy', title: `${ofAll(sets.degraded, sets.total)} ${sets.degraded === 1 ? 'is' : 'are'} degraded` };
  return { level: 'idle', title: sets.total === 1 ? 'The only set is healthy' : `All ${plural(sets.total - sets.new, 'set')} with a master are healthy` };
}

function ofAll(some: number, all: number): string {
  if (some < all) return `${count(some)} of ${plural(all, 'set')}`;
  return all === 1 ? 'The only set' : `All ${plural(all, 'set')}`;
}

export function tabTitle(c: Controller, live: boolean): string {
  const bad = c.leader === null ? 'no leader' : c.sets.no_master > 0 ? `${count(c.sets.no_master)} without master` : plural(c.sets.total, 'set');
  return `${live ? '' : '(stale) '}${bad} · ${c.name} · Gantry controller`;
}

/** "leader", "follower", "learner"; while nobody leads all that is known is who has a vote. */
export function roleOf(c: Controller, member: { name: string; voter: boolean }): string {
  if (member.name === c.leader) return 'leader';
  if (!member.voter) return 'learner';
  return c.leader === null ? 'voter' : 'follower';
}

export function aliveText(set: ReplicaSet): string {
  const alive = set.replicas.filter((r) => r.alive).length;
  return `${count(alive)} of ${count(set.replicas.length)}`;
}

/** "1 and 2"; empty set: "none". */
export function ids(list: number[]): string {
  return list.length === 0 ? 'none' : list.join(', ');
}

export function replicaText(replica: Replica): string {
  return isKnown(replica.max_offset) ? `epoch ${replica.epoch}, offset ${count(replica.max_offset)}` : 'nothing heard here';
}

/** What an operator does next about a set without a master; empty where nothing is to be done. */
export function nextSteps(set: ReplicaSet, controller: { address: string }): string[] {
  const named = (all: Replica[]) => all.map((r) => `${r.id} (${r.address})`).join(', ');
  if (set.state === 'new') return ['Start a broker of the set: the first one that asks becomes master.'];
  if (set.state !== 'no_master') return [];
  const inSync = set.replicas.filter((r) => set.in_sync.includes(r.id));
  const others = set.replicas.filter((r) => r.alive && !set.in_sync.includes(r.id));
  if (inSync.some((r) => r.alive))
    return [`Broker ${named(inSync.filter((r) => r.alive))} is in sync and alive: it becomes master within seconds. If not, hold an election: gantry controller elect ${set.set} --endpoints ${controller.address}`];
  const steps = [`Start ${inSync.length === 1 ? 'broker' : 'one of the brokers'} ${inSync.length > 0 ? named(inSync) : ids(set.in_sync)}: it was in sync, has every message that was acknowledged, and becomes master by itself.`];
  if (others.length > 0)
    steps.push(`Only when none of them ever comes back: broker ${named(others)} is alive, but what only the others have would be lost. mqadmin updateControllerConfig -a ${controller.address} -k enableElectUncleanMaster -v true lets it become master; on every controller, and false again after it.`);
  return steps;
}
