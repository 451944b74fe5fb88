// A minute in the life of `gantry up`, without gantry: a burst is sent, workers are scaled from zero by KEDA's and the
// HPA's rules of thumb, the backlog falls, the workers go. Deterministic: the same seconds give the same State.
// The shapes are those of src/api.ts.

const STEP_S = 0.25;
const BURST_AT_S = 8;
const BURST_MESSAGES = 3000;
const BURST = BURST_MESSAGES.toLocaleString('en-US');
const BURST_RATE = 200; // messages a second
const WORKER_RATE = 14; // messages a second and worker
const START_S = 0.75; // from exec to the first message
const SYNC_S = 3; // between decisions
const COOLDOWN_S = 8;
const MAX_REPLICAS = 10;
const LAG_TARGET = 200; // messages a replica
const QUEUES = 8;

export const scenarios = ['burst', 'unknown', 'crash', 'empty', 'crowd', 'late'];

export class Simulation {
  /**
   * scenario: burst (all is well), unknown (broker-b does not answer from 16 s on), crash (a worker dies again and
   * again), empty (nothing configured yet), crowd (everything long, large and many), late (workers that are in another
   * group). epoch_ms: the instant of second 0.
   */
  constructor({ scenario = 'burst', epoch_ms = Date.now(), nameServer = '127.0.0.1:9876', mode = 'embedded' } = {}) {
    Object.assign(this, { scenario, epoch_ms, nameServer, mode });
    this.t = 0;
    this.sent = 0;
    this.consumed = 0;
    this.workers = [];
    this.gone = [];
    this.nextWorker = 1;
    this.desired = 0;
    this.emptySince = 0;
    this.decidedAt = 0;
    this.explanation = [];
    this.samples = [];
    this.sentAt = []; // [count sent so far, second], to tell the oldest message's age
    this.rates = { send: null, consume: null };
    this.decide();
    this.sample();
  }

  runTo(t_s) {
    while (this.t + STEP_S <= t_s) this.step();
  }

  get lag() {
    return Math.max(0, Math.floor(this.sent) - Math.floor(this.consumed));
  }

  get blind() {
    return this.scenario === 'unknown' && this.t >= 16 && this.t < 300;
  }

  step() {
    this.t += STEP_S;
    if (this.scenario !== 'empty' && this.t >= BURST_AT_S && this.sent < BURST_MESSAGES) {
      this.sent = Math.min(BURST_MESSAGES, this.sent + BURST_RATE * STEP_S);
      this.sentAt.push([this.sent, this.t]);
    }
    for (const worker of this.workers) {
      const age = this.t - worker.at;
      if (this.scenario === 'crash' && worker.id === 2 && worker.state !== 'stopping') {
        this.crash(worker, age);
        continue;
      }
      if (worker.state === 'starting' && age >= START_S) {
        worker.state = 'running';
        this.say(worker, `consuming orders as group orders-workers, cost 40ms a message`);
      }
      if (worker.state === 'running' && this.lag > 0) {
        const done = Math.min(this.lag, WORKER_RATE * STEP_S * (0.9 + 0.2 * ((worker.id * 7 + this.t * 4) % 10) / 10));
        this.consumed += done;
        worker.done += done;
        if (Math.floor(worker.done / 50) > worker.told) {
          worker.told = Math.floor(worker.done / 50);
          this.say(worker, `${worker.told * 50} messages consumed, last key order-${String(Math.floor(this.consumed)).padStart(5, '0')}`);
        }
      }
      if (worker.state === 'stopping' && this.t - worker.stoppedAt >= 1) {
        worker.state = 'exited';
        worker.exit = 'exit code 0';
        worker.pid = null;
        this.say(worker, `stopped after ${Math.floor(worker.done)} messages`);
      }
    }
    this.gone.push(...this.workers.filter((w) => w.state === 'exited'));
    this.gone = this.gone.slice(-2);
    this.workers = this.workers.filter((w) => w.state !== 'exited');
    if (this.lag > 0) this.emptySince = this.t;
    if (Math.floor(this.t / SYNC_S) !== Math.floor((this.t - STEP_S) / SYNC_S)) this.decide();
    if (Math.floor(this.t) !== Math.floor(this.t - STEP_S)) this.sample();
  }

  crash(worker, age) {
    if (worker.state !== 'backoff' && age > 1.5) {
      worker.state = 'backoff';
      worker.exit = 'exit code 1';
      worker.restarts += 1;
      worker.pid = null;
      worker.at = this.t;
      this.say(worker, 'error: cannot open /var/lib/orders/ledger.db: Permission denied');
      this.say(worker, 'hint: run as the owner of the file, or set LEDGER_PATH');
    } else if (worker.state === 'backoff' && age > 4) {
      worker.state = 'starting';
      worker.pid = 4200 + worker.id + worker.restarts * 31;
      worker.at = this.t;
    }
  }

  say(worker, text) {
    const at = new Date(this.epoch_ms + this.t * 1000).toISOString().slice(11, 19);
    worker.output = [...worker.output, `${at} ${text}`].slice(-20);
  }

  decide() {
    if (this.scenario === 'empty') return;
    const lines = [];
    const say = (key, text) => lines.push({ key, text });
    const now = this.workers.filter((w) => w.state !== 'stopping').length;
    this.decidedAt = this.t;
    if (this.blind) {
      say('reading', 'lag of orders/orders-workers is unknown: broker-b (127.0.0.1:10921) did not answer within 3 s');
      say('rule', 'unknown blocks scaling down, and nothing scales to zero on it');
      say('desired', `stays at ${now} replicas`);
      this.explanation = lines;
      return;
    }
    const want = Math.ceil(this.lag / LAG_TARGET);
    say('reading', `lag of orders/orders-workers is ${this.lag} messages, the target is ${LAG_TARGET} a replica`);
    let desired;
    if (this.lag > 0) {
      say('active', `${this.lag} is above the activation threshold of 0, so at least 1 replica`);
      const raw = Math.max(1, want);
      say('average', `${this.lag} / ${LAG_TARGET} rounded up is ${raw}`);
      const limit = now === 0 ? 1 : Math.max(now + 4, now * 2);
      desired = Math.min(raw, limit, MAX_REPLICAS);
      if (limit < raw) say('policy', now === 0 ? 'from zero the first step is to 1' : `at most 4 replicas or 100 % more in one period: ${limit}`);
      if (raw > MAX_REPLICAS) say('max', `maxReplicaCount is ${MAX_REPLICAS}`);
      if (desired < now) {
        say('stabilization', `fewer would do, but the largest wish of the last window is ${now}`);
        desired = now;
      }
    } else if (now > 0 && this.t - this.emptySince < COOLDOWN_S) {
      desired = now;
      say('cooldown', `nothing waits; ${Math.ceil(COOLDOWN_S - (this.t - this.emptySince))} s of cooldownPeriod ${COOLDOWN_S} s are left`);
    } else {
      desired = 0;
      say('inactive', now > 0 ? `nothing has waited for cooldownPeriod ${COOLDOWN_S} s` : 'nothing waits');
    }
    say('desired', desired === now ? `stays at ${now} replicas` : `${now} → ${desired} replicas`);
    this.explanation = lines;
    this.desired = desired;
    for (let i = now; i < desired; ++i) this.launch();
    for (const worker of this.workers.filter((w) => w.state !== 'stopping').slice(desired)) {
      worker.state = 'stopping';
      worker.stoppedAt = this.t;
      this.say(worker, 'SIGTERM: finishing the message at hand');
    }
  }

  launch() {
    const id = this.nextWorker++;
    this.workers.push({
      id, name: `orders-worker-${id}`, state: 'starting', pid: 4200 + id, restarts: 0, at: this.t, done: 0, told: 0,
      exit: '', output: [],
    });
  }

  oldestAge_ms() {
    if (this.lag === 0) return 0;
    const found = this.sentAt.find(([n]) => n > this.consumed);
    return found ? Math.round((this.t - found[1]) * 1000) : 0;
  }

  sample() {
    const blind = this.blind;
    const before = this.samples.at(-3);
    if (before) {
      this.rates.send = (Math.floor(this.sent) - before.sent) / (this.t - before.t_s);
      this.rates.consume = before.consumed === null || blind ? null : (Math.floor(this.consumed) - before.consumed) / (this.t - before.t_s);
    }
    this.samples.push({
      t_s: Math.round(this.t * 1000) / 1000,
      lag: blind ? null : this.lag,
      in_flight: blind ? null : this.inFlight(),
      oldest_age_ms: blind ? null : this.oldestAge_ms(),
      replicas: this.workers.length,
      incoming: blind ? null : Math.floor(this.sent),
      sent: Math.floor(this.sent),
      consumed: blind ? null : Math.floor(this.consumed),
    });
  }

  inFlight() {
    return Math.min(this.lag, this.workers.filter((w) => w.state === 'running').length * 16);
  }

  phase() {
    if (this.scenario === 'empty') return 'no scaled object is configured: send messages, or start with -f FILE';
    if (this.t < BURST_AT_S) return `a burst of ${BURST} messages is about to be sent`;
    if (this.sent < BURST_MESSAGES) return `a burst of ${BURST} messages is being sent: ${Math.floor(this.sent).toLocaleString('en-US')} so far`;
    if (this.blind) return 'broker-b does not answer: the backlog is unknown, replicas are held';
    if (this.lag > 0) return `the burst of ${BURST} is sent; ${this.lag.toLocaleString('en-US')} messages wait, ${this.workers.length} replicas work on them`;
    if (this.workers.length > 0) return `the burst of ${BURST} is absorbed, ${this.workers.length} replicas are about to go`;
    return `done: the burst of ${BURST} is consumed, replicas are back at 0`;
  }

  state() {
    const state = this.plainState();
    if (this.scenario === 'late') return late(state);
    return this.scenario === 'crowd' ? crowd(state) : state;
  }

  plainState() {
    const blind = this.blind;
    const empty = this.scenario === 'empty';
    const known = (v) => (blind ? null : v);
    const lag = this.lag;
    const inFlight = this.inFlight();
    const reason = 'broker-b (127.0.0.1:10921): no answer within 3 s';
    const queues = Array.from({ length: QUEUES }, (_, i) => {
      const lost = blind && i >= QUEUES / 2;
      const share = (total) => Math.floor(total / QUEUES) + (i < Math.floor(total) % QUEUES ? 1 : 0);
      const end = share(Math.floor(this.sent));
      const at = Math.min(end, share(Math.floor(this.consumed)));
      return {
        broker: this.scenario === 'unknown' ? (i < QUEUES / 2 ? 'broker-a' : 'broker-b') : 'gantry',
        queue_id: this.scenario === 'unknown' ? i % (QUEUES / 2) : i,
        broker_offset: lost ? null : end,
        consumer_offset: lost ? null : at,
        lag: lost ? null : end - at,
      };
    });
    const worker = (w) => ({
      name: w.name, deployment: 'orders-worker', state: w.state, pid: w.pid, restarts: w.restarts,
      started_at_ms: w.pid === null ? null : Math.round(this.epoch_ms + w.at * 1000), exit: w.exit,
      error: w.state === 'backoff' ? `/usr/bin/orders exited with ${w.exit}: ${w.output.at(-1) ?? ''}` : '', output: w.output,
    });
    return {
      version: '0.1.0',
      command: 'gantry',
      now_ms: Math.round(this.epoch_ms + this.t * 1000),
      mode: this.scenario === 'unknown' ? 'cluster' : this.mode,
      name_servers: [this.nameServer],
      uptime_s: this.t,
      phase: this.phase(),
      generator: empty ? null : { topic: 'orders', total: BURST_MESSAGES, sent: Math.floor(this.sent), error: '' },
      totals: {
        incoming: known(Math.floor(this.sent)),
        sent: Math.floor(this.sent),
        consumed: known(Math.floor(this.consumed)),
        lag: known(lag),
        in_flight: known(inFlight),
        ready: known(lag - inFlight),
        oldest_age_ms: known(this.oldestAge_ms()),
        replicas: this.workers.length,
        incoming_rate: known(this.rates.send),
        consume_rate: blind ? null : this.rates.consume,
      },
      groups: empty ? [] : [
        {
          topic: 'orders', group: 'orders-workers',
          lag: known(lag), in_flight: known(inFlight), ready: known(lag - inFlight), oldest_age_ms: known(this.oldestAge_ms()),
          retry: 0, dlq: 0, consumers: this.workers.filter((w) => w.state === 'running').length,
          queues, unknown: blind ? [reason] : [], notes: [], problem: '',
        },
      ],
      topics: empty ? [] : [{ topic: 'orders', queues: QUEUES, messages: blind ? null : Math.floor(this.sent), rate: blind ? null : this.rates.send }],
      scaled_objects: empty ? [] : [
        {
          name: 'orders', namespace: 'default', target: 'Deployment/orders-worker', min: 0, max: MAX_REPLICAS,
          current: this.workers.length, desired: this.desired, paused: false, active: blind ? null : lag > 0,
          triggers: [
            {
              name: 'orders-lag', type: 'external', metric: 'lag of orders/orders-workers',
              value: known(lag), target: LAG_TARGET, target_type: 'AverageValue', error: blind ? reason : '',
              counted_as: null, why_counted: '',
            },
          ],
          last_error: '',
          explanation: this.explanation,
          decided_at_ms: Math.round(this.epoch_ms + this.decidedAt * 1000),
        },
      ],
      scaled_jobs: [],
      workers: [...this.workers, ...this.gone].map(worker),
      sample: this.samples.at(-1),
    };
  }
}

/** Workers of a group of another name: what waits grows old, and is more than the queues let count. */
function late(state) {
  const problem = '4 replicas run, but none is a consumer of group orders-workers';
  return {
    ...state,
    phase: `43,533 messages wait; ${problem}`,
    totals: { ...state.totals, lag: 43533, ready: 43533, in_flight: 0, oldest_age_ms: 100_000, consumed: 0, consume_rate: 0 },
    groups: [{ ...state.groups[0], lag: 43533, oldest_age_ms: null, consumers: 0, notes: ['gantry: age: the group has never committed an offset'], problem }],
    scaled_objects: [{
      ...state.scaled_objects[0],
      triggers: [{
        ...state.scaled_objects[0].triggers[0], value: 43533, target: 50, counted_as: 400,
        why_counted: '8 queues x 50 (more consumers than queues would idle; allowIdleConsumers: "true", or mode: pop for a group that pops, lifts this)',
      }],
    }],
    sample: { ...state.sample, lag: 43533, in_flight: 0, oldest_age_ms: 100_000, consumed: 0 },
  };
}

/** What breaks layouts: names without a place to break, nine digits, a hundred workers, many queues, many errors. */
function crowd(state) {
  const long = 'com.example.orders.fulfilment.warehouse-eu-central-1.retryable';
  const times = (n, make) => Array.from({ length: n }, (_, i) => make(i));
  return {
    ...state,
    mode: 'cluster',
    name_servers: times(3, (i) => `namesrv-${i}.${long}:9876`),
    totals: {
      ...state.totals, lag: 123456789, ready: 123456000, in_flight: 789, oldest_age_ms: 98765432, replicas: 97,
      incoming_rate: 1234567, consume_rate: 45678.9,
    },
    groups: times(3, (g) => ({
      ...state.groups[0], topic: long, group: `${long}-group-${g}`, lag: null, dlq: 12,
      unknown: [`broker-a: connection refused by ${long}`, 'broker-b: no answer within 3 s'],
      notes: [`broker-${long}: age: the group has never committed an offset`],
      problem: `97 replicas run, but none is a consumer of group ${long}`,
      queues: times(64, (q) => ({
        broker: `broker-${long}`, queue_id: q, broker_offset: 123456789012,
        consumer_offset: q % 3 ? 123456780000 : null, lag: q % 3 ? 9012 * q : null,
      })),
    })),
    topics: times(12, (i) => ({ topic: `${long}-${i}`, queues: 64, messages: 123456789012, rate: i % 2 ? null : 12345.6 })),
    scaled_objects: [{
      ...state.scaled_objects[0], name: long, target: `Deployment/${long}`, max: 100, current: 97, desired: 80, paused: true,
      last_error: `the name server ${long}:9876 does not resolve`,
      triggers: times(3, (i) => ({
        name: `${long}-${i}`, type: 'external', metric: `lag of ${long}`, value: i ? null : 12345678, target: 100, target_type: i ? 'Value' : 'AverageValue',
        error: i ? 'connection refused' : '',
        counted_as: i ? null : 6400,
        why_counted: i ? '' : '64 queues x 100 (more consumers than queues would idle; allowIdleConsumers: "true", or mode: pop for a group that pops, lifts this)',
      })),
    }],
    scaled_jobs: [{
      name: `${long}-job`, namespace: 'default', strategy: 'accurate', min: 0, max: 1000, running: 123456, pending: 789, succeeded: 123456789, failed: 12345,
      paused: false, active: null,
      triggers: [{ name: long, type: 'external', metric: `lag of ${long}`, value: null, target: 1, target_type: 'AverageValue', error: 'connection refused', counted_as: null, why_counted: '' }],
      last_error: `the name server ${long}:9876 does not resolve`, last_failure: `${long}-job-7: BackoffLimitExceeded: exited with code 1 after 0.1 s`,
      explanation: state.scaled_objects[0].explanation, decided_at_ms: state.now_ms,
    }],
    workers: times(100, (i) => ({
      name: `${long}-worker-${i}`, deployment: long, state: ['running', 'starting', 'stopping', 'backoff'][i % 4], pid: 1000 + i,
      restarts: i, started_at_ms: state.now_ms - i * 100_000, exit: 'signal 9 (Killed)', error: i % 4 === 3 ? `${long} was killed by signal 9 (Killed)` : '',
      output: times(20, (line) => `line ${line} ${'x'.repeat(300)}`),
    })),
  };
}
