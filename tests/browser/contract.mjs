// web/src/api.ts, web/src/scaler/api.ts and web/src/controller/api.ts as a check: what a server sends has every field of the contract, of the right kind, and no other.
// Kinds: n number, n? number or null, s string, s? string or null, b boolean, b? boolean or null; [x] list of x; {..} object, with $null
// also null.

const sample = { t_s: 'n', lag: 'n?', in_flight: 'n?', oldest_age_ms: 'n?', replicas: 'n', incoming: 'n?', sent: 'n?', consumed: 'n?' };

export const history = { samples: [sample] };

export const state = {
  version: 's',
  command: 's',
  now_ms: 'n',
  mode: 's',
  name_servers: ['s'],
  uptime_s: 'n',
  phase: 's',
  totals: {
    incoming: 'n?', sent: 'n?', consumed: 'n?', lag: 'n?', in_flight: 'n?', ready: 'n?', oldest_age_ms: 'n?', replicas: 'n', incoming_rate: 'n?', consume_rate: 'n?',
  },
  generator: { $null: true, topic: 's', total: 'n', sent: 'n', error: 's' },
  groups: [{
    topic: 's', group: 's', lag: 'n?', in_flight: 'n?', ready: 'n?', oldest_age_ms: 'n?', retry: 'n?', dlq: 'n?', consumers: 'n?',
    queues: [{ broker: 's', queue_id: 'n', broker_offset: 'n?', consumer_offset: 'n?', lag: 'n?' }],
    unknown: ['s'], notes: ['s'], problem: 's',
  }],
  topics: [{ topic: 's', queues: 'n?', messages: 'n?', rate: 'n?' }],
  scaled_objects: [{
    name: 's', namespace: 's', target: 's', min: 'n', max: 'n', current: 'n', desired: 'n?', paused: 'b', active: 'b?',
    triggers: [{ name: 's', type: 's', metric: 's', value: 'n?', target: 'n?', target_type: 's', error: 's', counted_as: 'n?', why_counted: 's' }],
    last_error: 's',
    explanation: [{ key: 's', text: 's' }],
    decided_at_ms: 'n?',
  }],
  scaled_jobs: [{
    name: 's', namespace: 's', strategy: 's', min: 'n', max: 'n', running: 'n', pending: 'n', succeeded: 'n', failed: 'n', paused: 'b', active: 'b?',
    triggers: [{ name: 's', type: 's', metric: 's', value: 'n?', target: 'n?', target_type: 's', error: 's', counted_as: 'n?', why_counted: 's' }],
    last_error: 's', last_failure: 's',
    explanation: [{ key: 's', text: 's' }],
    decided_at_ms: 'n?',
  }],
  workers: [{ name: 's', deployment: 's', state: 's', pid: 'n?', restarts: 'n', started_at_ms: 'n?', exit: 's', error: 's', output: ['s'] }],
  sample,
};

const trigger = {
  namespace: 's', name: 's', id: 's', topics: ['s'], consumer_group: 's', state: 's', active: 'b?',
  metrics: [{ name: 's', value: 'n?', measured: 'n?', why_counted: 's', why_short: 's', target: 'n', desired: 'n?', unknown: 's' }],
  desired: 'n?',
  replicas: { current: 'n?', hpa_desired: 'n?', min: 'n?', max: 'n?', hpa: 's', paused: 'b', fallback: 'b', problem: 's', unknown: 's' },
  error: 's', notice: 's', newest_error: 's', newest_error_at_ms: 'n?', asked_at_ms: 'n?', asked: 'n', pushes: 'b',
};

export const list = {
  now_ms: 'n',
  counts: { error: 'n', active: 'n', idle: 'n', not_asked: 'n' },
  problems: [{ error: 's', triggers: 'n', namespace: 's', name: 's', id: 's' }],
  problems_left_out: 'n',
  replicas_unknown: 's',
  matched: 'n',
  offset: 'n',
  triggers: [trigger],
};

export const scaledObject = { now_ms: 'n', triggers: [{ ...trigger, history: [{ at_ms: 'n', lag: 'n?', measured: 'n?', lag_seconds: 'n?' }] }] };

export const controller = {
  now_ms: 'n', name: 's', address: 's', group: 's', ready: 'b', why: 's', role: 's?', term: 'n?', leader: 's?', leader_address: 's?',
  commit_index: 'n?', applied_index: 'n?', brokers_alive: 'n',
  members: [{ id: 'n', name: 's', address: 's', voter: 'b', alive: 'b?', lag: 'n?' }],
  sets: { total: 'n', healthy: 'n', degraded: 'n', no_master: 'n', new: 'n' },
};

const election = { at_ms: 'n', epoch: 'n', old_master: 'n?', new_master: 'n?', reason: 's', unclean: 'b', line: 's' };
const replicaSet = {
  cluster: 's', set: 's', state: 's', master_id: 'n?', master_address: 's?', master_epoch: 'n', sync_state_set_epoch: 'n', in_sync: ['n'],
  changed_at_ms: 'n?',
  replicas: [{ id: 'n', address: 's', alive: 'b', in_sync: 'b', epoch: 'n?', max_offset: 'n?' }],
};

export const sets = { total: 'n', matching: 'n', offset: 'n', sets: [replicaSet] };
export const openSet = { ...replicaSet, elections: [election], candidates: [{ id: 'n', verdict: 's', line: 's' }] };
export const elections = { elections: [{ ...election, cluster: 's', set: 's' }] };

const KINDS = { n: 'number', s: 'string', b: 'boolean' };

/** Every way in which value differs from shape, as "totals.lag: expected a number or null, got undefined". */
export function differences(value, shape, path = '') {
  if (typeof shape === 'string') {
    if (value === null && shape.endsWith('?')) return [];
    const kind = KINDS[shape[0]];
    if (typeof value === kind) return [];
    const got = value === null ? 'null' : typeof value;
    return [`${path}: expected a ${kind}${shape.endsWith('?') ? ' or null' : ''}, got ${got}`];
  }
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [`${path}: expected a list`];
    return value.flatMap((item, i) => differences(item, shape[0], `${path}[${i}]`));
  }
  const { $null: nullable, ...fields } = shape;
  if (value === null && nullable) return [];
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [`${path}: expected an object`];
  const at = (key) => (path ? `${path}.${key}` : key);
  return [
    ...Object.keys(fields).flatMap((key) => (key in value ? differences(value[key], fields[key], at(key)) : [`${at(key)}: missing`])),
    ...Object.keys(value).filter((key) => !(key in fields)).map((key) => `${at(key)}: not in the contract`),
  ];
}
