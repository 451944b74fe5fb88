import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Group, ScaledJob, ScaledObject, State, Worker } from '../src/api';
import { problemsOf, tabTitle, verdictOf, whyUnknown } from '../src/health';
import { commandsFor } from '../src/next';

const group: Group = {
  topic: 'orders', group: 'workers', lag: 0, in_flight: 0, ready: 0, oldest_age_ms: 0, retry: 0, dlq: 0, consumers: 0, queues: [], unknown: [], notes: [], problem: '',
};
const object: ScaledObject = {
  name: 'orders', namespace: 'default', target: 'Deployment/orders', min: 0, max: 10, current: 0, desired: 0, paused: false, active: false,
  triggers: [{ name: 'lag', type: 'external', metric: 'lag', value: 0, target: 5, target_type: 'AverageValue', error: '', counted_as: null, why_counted: '' }], last_error: '', explanation: [], decided_at_ms: null,
};
const job: ScaledJob = {
  name: 'resize', namespace: 'default', strategy: 'default', min: 0, max: 8, running: 1, pending: 0, succeeded: 3, failed: 0, paused: false, active: true,
  triggers: [], last_error: '', last_failure: '', explanation: [], decided_at_ms: null,
};
const worker: Worker = { name: 'w-1', deployment: 'orders', state: 'running', pid: 1, restarts: 0, started_at_ms: 0, exit: '', error: '', output: [] };

function stateWith(change: Partial<State>, lag: number | null = 0): State {
  return {
    version: '0', command: 'gantry', now_ms: 0, mode: 'embedded', name_servers: ['127.0.0.1:9876'], uptime_s: 1, phase: '',
    generator: null,
    totals: { incoming: 0, sent: 0, consumed: 0, lag, in_flight: 0, ready: 0, oldest_age_ms: 0, replicas: 0, incoming_rate: 0, consume_rate: 0 },
    groups: [group], topics: [], scaled_objects: [object], scaled_jobs: [job], workers: [], ...change,
    sample: { t_s: 0, lag, in_flight: 0, oldest_age_ms: 0, replicas: 0, incoming: 0, sent: 0, consumed: 0 },
  };
}

test('GivenNothingWaiting_WhenJudged_ThenIdle', () => assert.equal(verdictOf(stateWith({})).level, 'idle'));
test('GivenABacklog_WhenJudged_ThenBusy', () => assert.equal(verdictOf(stateWith({}, 7)).level, 'busy'));
test('GivenAnUnknownSum_WhenJudged_ThenUnknownAndNotIdle', () => assert.equal(verdictOf(stateWith({}, null)).level, 'unknown'));

test('GivenABrokerThatDoesNotAnswer_WhenJudged_ThenTheReasonIsNamed', () => {
  const state = stateWith({ groups: [{ ...group, lag: null, unknown: ['broker-b: refused'] }] }, null);
  assert.equal(verdictOf(state).problems[0]!.text, 'orders/workers: broker-b: refused');
  assert.equal(whyUnknown(state), 'broker-b: refused');
});

test('GivenTheSameReasonInTriggerAndGroup_WhenListed_ThenItIsToldOnce', () => {
  const state = stateWith({
    groups: [{ ...group, unknown: ['broker-b: refused'] }],
    scaled_objects: [{ ...object, triggers: [{ ...object.triggers[0]!, value: null, error: 'broker-b: refused' }] }],
  }, null);
  assert.equal(problemsOf(state).length, 1);
});

test('GivenAWorkerInBackoff_WhenJudged_ThenErrorWinsOverUnknown', () => {
  const verdict = verdictOf(stateWith({ workers: [{ ...worker, state: 'backoff', exit: 'exit code 1' }] }, null));
  assert.equal(verdict.level, 'error');
  assert.equal(verdict.problems[0]!.text, 'worker w-1 keeps failing: exit code 1');
});

test('GivenAJobThatFailedLast_WhenJudged_ThenErrorUntilOneSucceeds', () => {
  const verdict = verdictOf(stateWith({ scaled_jobs: [{ ...job, failed: 1, last_failure: 'resize-4: DeadlineExceeded' }] }));
  assert.equal(verdict.level, 'error');
  assert.equal(verdict.problems[0]!.text, '1 of 4 finished jobs failed; resize-4: DeadlineExceeded');
  assert.equal(verdictOf(stateWith({ scaled_jobs: [{ ...job, failed: 1 }] })).level, 'idle');
});

test('GivenAFailedEvaluation_WhenJudged_ThenError', () => {
  assert.equal(verdictOf(stateWith({ scaled_objects: [{ ...object, last_error: 'no such topic' }] })).level, 'error');
});

test('GivenManyReasons_WhenSummed_ThenTheFirstAndTheirNumberAreTold', () => {
  assert.equal(whyUnknown(stateWith({ groups: [{ ...group, unknown: ['a', 'b', 'c'] }] })), 'a (and 2 more)');
});

test('GivenAnUnknownBacklog_WhenTheTabIsTitled_ThenItSaysUnknown', () => {
  assert.equal(tabTitle(stateWith({}, null), true), 'unknown waiting · 0 replicas · Gantry');
  assert.match(tabTitle(stateWith({}), false), /^\(stale\) /);
});

test('GivenAGroupThatHasNeverCommitted_WhenJudged_ThenThatIsANoteAndNoProblem', () => {
  const state = stateWith({ groups: [{ ...group, oldest_age_ms: null, notes: ['a: age: the group has never committed an offset'] }] }, 7);
  assert.deepEqual(verdictOf(state), { level: 'busy', title: 'Working off a backlog', problems: [] });
  assert.equal(whyUnknown(state), 'a: age: the group has never committed an offset');
});

test('GivenReplicasThatAreNoConsumers_WhenJudged_ThenThatNeedsAttention', () => {
  const verdict = verdictOf(stateWith({ groups: [{ ...group, problem: '4 replicas run, but none is a consumer of group workers' }] }, 7));
  assert.equal(verdict.level, 'error');
  assert.equal(verdict.problems[0]!.text, 'orders/workers: 4 replicas run, but none is a consumer of group workers');
});

test('GivenAClusterThatIsNotOurs_WhenCommandsAreOffered_ThenSendingComesLastAndWithAWarning', () => {
  const all = commandsFor(stateWith({ mode: 'cluster' }));
  assert.match(all.at(-1)!.what, /^On a test cluster only/);
  assert.match(commandsFor(stateWith({}))[0]!.command, /^gantry send/);
});

test('GivenSeveralNameServers_WhenACommandIsOffered_ThenTheShellDoesNotSplitIt', () => {
  const send = commandsFor(stateWith({ name_servers: ['a:9876', 'b:9876'] }))[0]!.command;
  assert.equal(send, "gantry send --namesrv 'a:9876;b:9876' --topic orders --count 1000");
});

test('GivenAGantryThatIsNotInThePath_WhenACommandIsOffered_ThenItHasItsPath', () => {
  const send = commandsFor(stateWith({ command: '/opt/my tools/gantry' }))[0]!.command;
  assert.equal(send, "'/opt/my tools/gantry' send --namesrv 127.0.0.1:9876 --topic orders --count 1000");
});
