// The contract between the page and `gantry up`: what the server sends, and nothing else. The C++ side writes exactly
// these shapes; the page reads nothing that is not named here.
//
//   GET /api/state    one State, as JSON
//   GET /api/events   Server-Sent Events: event `state`, data = one State on one line, about once a second. The first
//                     one comes at once. The page holds a silent stream for dead after 5 s, so send at least every 2 s.
//   GET /api/history  one History: the samples since the start, oldest first. Send at most about 3600; thin older ones.
//
// Three rules hold everywhere.
//   1. Unknown is `null`, never 0 and never left out. Where the reason is known it is in `unknown`, `error` or
//      `last_error` of the object concerned; the page shows it beside the word "unknown".
//   2. Units are last in the name: `_ms` and `_s` are milliseconds and seconds. Counts are messages unless said
//      otherwise, rates are per second.
//   3. Instants (`now_ms`, `decided_at_ms`, `started_at_ms`) are Unix time in milliseconds by the server's clock. The
//      page only ever compares them with `now_ms`, so a wrong clock in the browser does no harm.

/** A number that could not be read is null. */
export type Maybe = number | null;

export interface State {
  /** Version of gantry, as `gantry --version` prints it. */
  version: string;
  /** How a person runs this gantry: `gantry`, or its path where the shell finds none or another one. For commands to copy. */
  command: string;
  now_ms: number;
  /** embedded: gantry's own broker runs in this process. cluster: brokers that were there before (`--namesrv`). */
  mode: 'embedded' | 'cluster';
  /** `host:port` of each name server in use. Goes into the commands that the page shows. */
  name_servers: string[];
  /** Since this process started; a value that shrinks tells the page that the server was restarted. */
  uptime_s: number;
  /** One sentence on what is going on now, as "a burst of 3,000 messages is being sent: 1,200 so far". May be empty. */
  phase: string;
  totals: Totals;
  /** The burst that gantry sends by itself; null when none was asked for. */
  generator: Generator | null;
  groups: Group[];
  topics: Topic[];
  scaled_objects: ScaledObject[];
  scaled_jobs: ScaledJob[];
  workers: Worker[];
  /** The newest sample; the page appends it to what /api/history gave. */
  sample: Sample;
}

export interface Generator {
  topic: string;
  /** Messages that the burst has, and how many of them brokers have acknowledged. */
  total: number;
  sent: number;
  /** Why the last send failed; it is tried again. Empty when it succeeded. */
  error: string;
}

/** Sums over everything watched. A sum with an unknown part is itself unknown. */
export interface Totals {
  /** Messages stored in the watched topics since the start, whoever sent them. */
  incoming: Maybe;
  /** Of these, by our generator. null without a generator. */
  sent: Maybe;
  /** Messages consumed (acknowledged by consumers), since the start. Never shrinks. */
  consumed: Maybe;
  /** Messages stored and not yet consumed: ready + in flight. */
  lag: Maybe;
  /** Of these, handed to a consumer and not yet acknowledged. */
  in_flight: Maybe;
  /** Of these, not yet handed to any consumer. */
  ready: Maybe;
  /** Age of the oldest message not yet consumed. 0 when nothing waits. */
  oldest_age_ms: Maybe;
  /** Worker processes running now, over all scaled objects. Always known. */
  replicas: number;
  /** Messages per second over the last seconds; incoming_rate is that of all topics together. */
  incoming_rate: Maybe;
  consume_rate: Maybe;
}

/** One consumer group on one topic. */
export interface Group {
  topic: string;
  group: string;
  lag: Maybe;
  in_flight: Maybe;
  ready: Maybe;
  oldest_age_ms: Maybe;
  /** Messages waiting in the group's retry topic. */
  retry: Maybe;
  /** Messages in the group's dead-letter topic. */
  dlq: Maybe;
  /** Consumer clients connected. */
  consumers: Maybe;
  queues: Queue[];
  /** Why parts are unknown, one sentence each: "broker-a: connection refused". Empty when all is known, save for notes. */
  unknown: string[];
  /** Why parts are unknown without anybody having to mend it: a new group has never committed an offset. */
  notes: string[];
  /** What is wrong with its consumers, in a sentence: replicas run that have not joined it. Empty: nothing. */
  problem: string;
}

export interface Queue {
  broker: string;
  queue_id: number;
  /** Where the next message will be stored. */
  broker_offset: Maybe;
  /** Where the group will read next. null also when it never committed. */
  consumer_offset: Maybe;
  lag: Maybe;
}

export interface Topic {
  topic: string;
  /** Number of queues, over all brokers. */
  queues: Maybe;
  /** Messages stored now (maximum minus minimum offsets). */
  messages: Maybe;
  /** Messages stored per second over the last seconds. */
  rate: Maybe;
}

export interface ScaledObject {
  name: string;
  namespace: string;
  /** What is scaled, as "Deployment/orders-worker". */
  target: string;
  /** minReplicaCount and maxReplicaCount. */
  min: number;
  max: number;
  /** Replicas now, and replicas that the last decision asked for. desired is null when nothing was decided yet. */
  current: number;
  desired: Maybe;
  /** By annotation (autoscaling.keda.sh/paused). */
  paused: boolean;
  /** At least one trigger is above its activation threshold. null when that could not be told. */
  active: boolean | null;
  triggers: Trigger[];
  /** The last failure, empty when the last evaluation succeeded. */
  last_error: string;
  /** The last decision, line by line, in the order of `gantry explain`; the last line is the outcome. */
  explanation: ExplanationLine[];
  /** null before the first decision. */
  decided_at_ms: Maybe;
}

/** A KEDA ScaledJob: jobs are created for what waits, and each ends by itself. */
export interface ScaledJob {
  name: string;
  namespace: string;
  /** scalingStrategy.strategy: "default", "custom", "accurate" or "eager". */
  strategy: string;
  /** Jobs that always run, and the most that may run. */
  min: number;
  max: number;
  /** Jobs that are not finished, and of these the ones without a process that runs. */
  running: number;
  pending: number;
  /** Jobs that finished since the start, also those that the history has dropped. */
  succeeded: number;
  failed: number;
  /** By annotation (autoscaling.keda.sh/paused). */
  paused: boolean;
  /** At least one trigger is above its activation threshold, or jobs always run. null when that could not be told. */
  active: boolean | null;
  triggers: Trigger[];
  /** Why the last reading failed, empty when it succeeded. */
  last_error: string;
  /** How the job that finished last has failed; empty when that one succeeded, or none has finished. */
  last_failure: string;
  /** The last decision, line by line; the last line is the outcome. Empty before the first. */
  explanation: ExplanationLine[];
  /** null before the first decision. */
  decided_at_ms: Maybe;
}

export interface Trigger {
  name: string;
  /** Of the ScaledObject: "external", "external-push", ... */
  type: string;
  /** What is measured, as "lag of orders/orders-group". */
  metric: string;
  /** The last reading, as measured; null: unknown, `error` says why. */
  value: Maybe;
  /** What scaling counts it as, when that is another number (a limit, a fallback), and why; else null and empty. */
  counted_as: Maybe;
  why_counted: string;
  /** The value wanted per replica (AverageValue) or in all (Value): see target_type. */
  target: Maybe;
  target_type: 'AverageValue' | 'Value';
  /** Empty when the last reading succeeded. */
  error: string;
}

export interface ExplanationLine {
  /** Short and stable, as "reading", "target", "policy", "desired". */
  key: string;
  /** A sentence for people. */
  text: string;
}

export interface Worker {
  /** Unique, as a pod's name: "orders-worker-3"; a job's, while it is not finished: "resize-7". */
  name: string;
  /** Of a job: its ScaledJob. */
  deployment: string;
  /** "starting", "running", "stopping", "exited", "backoff" (waits before its next start) or "failed". */
  state: string;
  pid: Maybe;
  restarts: number;
  /** Of the present process; null when none runs. */
  started_at_ms: Maybe;
  /** How the last process ended, as "exit code 0" or "signal 9 (Killed)"; empty when none has ended yet. */
  exit: string;
  /** Why it does not run, in a sentence; empty unless its state is "backoff" or "failed". */
  error: string;
  /** The last lines that it printed, oldest first, at most 20. */
  output: string[];
}

export interface Sample {
  /** Seconds since the start, growing. */
  t_s: number;
  lag: Maybe;
  in_flight: Maybe;
  oldest_age_ms: Maybe;
  replicas: number;
  /** Totals since the start, as in Totals; the page derives rates from them. */
  incoming: Maybe;
  sent: Maybe;
  consumed: Maybe;
}

export interface History {
  samples: Sample[];
}
