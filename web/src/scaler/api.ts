// The contract between the page of scaled objects and `gantry scaler`: what the server sends, and nothing else. The C++
// side (src/scaler/state_json.cc) writes exactly these shapes; the page reads nothing that is not named here.
//
//   GET /api/scaled-objects[?q=&state=&sort=&order=&offset=&limit=]   one List; query.ts says what each may be
//   GET /api/scaled-objects/NAMESPACE/NAME                            one ScaledObject: its triggers with their history
//
// Rules as in ../api.ts: unknown is null with its reason beside it, never 0; units are last in the name; instants are
// Unix time in milliseconds by the server's clock.
import type { Maybe } from '../api';

export type TriggerState = 'error' | 'active' | 'idle' | 'not_asked';

export interface List {
  now_ms: number;
  /** Of all triggers, whatever the query chooses. */
  counts: Record<TriggerState, number>;
  /** Of all triggers: what fails, the most frequent reason first; at most four, and how many reasons there are besides. */
  problems: Problem[];
  problems_left_out: number;
  /** Why replica counts are unknown for all objects; empty: they are known. */
  replicas_unknown: string;
  /** Triggers that the query chooses; `triggers` are those from `offset` on, up to `limit`. */
  matched: number;
  offset: number;
  triggers: Trigger[];
}

export interface Problem {
  error: string;
  /** How many triggers fail for this reason, and one of them. */
  triggers: number;
  namespace: string;
  name: string;
  id: string;
}

export interface ScaledObject {
  now_ms: number;
  triggers: (Trigger & { history: Sample[] })[];
}

export interface Trigger {
  /** Of the ScaledObject or ScaledJob. */
  namespace: string;
  name: string;
  /** Of the trigger in its object: "group/topic,topic@nameserver:port;nameserver:port". */
  id: string;
  topics: string[];
  consumer_group: string;
  /** error: the last question, or a part of it, could not be answered. not_asked: not yet, or not any more. */
  state: TriggerState;
  /** What IsActive says; null: unknown, `error` says why. */
  active: boolean | null;
  /** Empty when its metadata was never understood. */
  metrics: Metric[];
  /** What the largest metric makes, before the HPA's tolerance, behaviour and bounds; null when one is unknown. */
  desired: Maybe;
  replicas: Replicas;
  /** Of the last question; empty when it was answered. */
  error: string;
  /** What may be a mistake and may be as it should: a group that never committed and has no consumer; empty: nothing. */
  notice: string;
  /** The newest error, also when it is over, and when it was. */
  newest_error: string;
  newest_error_at_ms: Maybe;
  /** When the last question came, and how many have come. null: only a stream is open. */
  asked_at_ms: Maybe;
  asked: number;
  /** KEDA holds a StreamIsActive open: the first message is pushed. */
  pushes: boolean;
}

export interface Metric {
  /** "lag" in messages, "lag-seconds" in seconds. */
  name: string;
  /** What KEDA is told. null: `unknown` says why. */
  value: Maybe;
  /** What was measured, when that is another number, and why it is; else null and empty. */
  measured: Maybe;
  why_counted: string;
  /** The same in a few words, to stand beside the value: "capped from 1,000", "1 of it a retry"; empty where nothing is to be said. */
  why_short: string;
  /** Per replica (AverageValue). */
  target: number;
  /** ceil(value / target). */
  desired: Maybe;
  unknown: string;
}

/** What Kubernetes says of the object. */
export interface Replicas {
  /** Of the HPA's status. null: `unknown` says why. */
  current: Maybe;
  hpa_desired: Maybe;
  /** minReplicaCount and maxReplicaCount. */
  min: Maybe;
  max: Maybe;
  /** The HPA's name; empty: unknown. */
  hpa: string;
  paused: boolean;
  fallback: boolean;
  /** What KEDA or the HPA complain about; empty: nothing. */
  problem: string;
  unknown: string;
}

export interface Sample {
  at_ms: number;
  /** As told to KEDA, the largest since the sample before. */
  lag: Maybe;
  /** The lag as it was measured, the largest since the sample before. */
  measured: Maybe;
  /** null also without lagSecondsThreshold. */
  lag_seconds: Maybe;
}
