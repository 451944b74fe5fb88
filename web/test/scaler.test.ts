// The pure parts of the page of scaled objects: the address, the words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { List, Metric, Trigger } from '../src/scaler/api';
import { changed, FIRST, keyOf, listPath, objectPath, parseHash, toHash } from '../src/scaler/query';
import { before, bounds, complaint, hpaText, problemText, reckoning, tabTitle, tellsOther, verdictOf, whyOther } from '../src/scaler/words';

const list = (counts: Partial<List['counts']>): List => ({
  now_ms: 0, counts: { error: 0, active: 0, idle: 0, not_asked: 0, ...counts }, problems: [], problems_left_out: 0, replicas_unknown: '', matched: 0, offset: 0, triggers: [],
});
const metric = (change: Partial<Metric>): Metric => ({ name: 'lag', value: 1234, measured: null, why_counted: '', why_short: '', target: 300, desired: 5, unknown: '', ...change });
const replicas: Trigger['replicas'] = { current: 2, hpa_desired: 3, min: 0, max: 20, hpa: 'keda-hpa-orders', paused: false, fallback: false, problem: '', unknown: '' };
const trigger: Trigger = {
  namespace: 'shop', name: 'orders', id: 'workers/orders', topics: ['orders'], consumer_group: 'workers', state: 'active', active: true, metrics: [metric({})],
  desired: 5, replicas, error: '', notice: '', newest_error: '', newest_error_at_ms: null, asked_at_ms: 1, asked: 1, pushes: false,
};

test('GivenAnAddress_WhenReadAndWritten_ThenItIsTheSame', () => {
  const query = { q: 'a b&c', state: 'not_asked' as const, sort: 'lag' as const, reverse: true, offset: 200, open: keyOf(trigger) };
  assert.deepEqual(parseHash(toHash(query)), query);
  assert.equal(toHash(FIRST), '');
  assert.deepEqual(parseHash(''), FIRST);
});

test('GivenAnAddressThatMakesNoSense_WhenRead_ThenItIsTheFirstView', () => {
  assert.deepEqual(parseHash('#state=bad&sort=size&offset=-5'), FIRST);
  assert.equal(parseHash('#offset=1e99').offset, 0);
  assert.equal(parseHash('#offset=150').offset, 100);
});

test('GivenAQuery_WhenAsked_ThenThePathSaysIt', () => {
  assert.equal(listPath(FIRST), 'api/scaled-objects?limit=100');
  assert.equal(listPath({ ...FIRST, q: 'ö/', state: 'error', offset: 100 }), 'api/scaled-objects?q=%C3%B6%2F&state=error&offset=100&limit=100');
  assert.equal(objectPath(''), null);
  assert.equal(objectPath('shop'), null);
  assert.equal(objectPath('shop/orders'), null);
  assert.equal(objectPath('shop/orders/workers/a,b'), 'api/scaled-objects/shop/orders');
});

test('GivenASecondPage_WhenAnotherFilterIsChosen_ThenTheFirstPageIsShown', () => {
  assert.equal(changed({ ...FIRST, offset: 300 }, { state: 'error' }).offset, 0);
});

test('GivenCounts_WhenJudged_ThenTheWorstIsTheVerdict', () => {
  const rows: [Partial<List['counts']>, string, string][] = [
    [{}, 'idle', 'Waiting for the first question'],
    [{ idle: 3 }, 'idle', 'Healthy, nothing waiting'],
    [{ idle: 1999, active: 1 }, 'busy', '1 of 2,000 triggers is active'],
    [{ active: 2 }, 'busy', 'All 2 triggers are active'],
    [{ active: 1 }, 'busy', 'The only trigger is active'],
    [{ active: 2, idle: 2, error: 3 }, 'error', '3 of 7 triggers fail'],
    [{ not_asked: 2 }, 'unknown', 'All 2 triggers are not asked about'],
    [{ not_asked: 1 }, 'unknown', 'The only trigger is not asked about'],
  ];
  for (const [counts, level, title] of rows) assert.deepEqual(verdictOf(list(counts)), { level, title });
});

test('GivenTriggers_WhenPutInWords_ThenUnknownIsSaidWithItsReason', () => {
  assert.equal(reckoning(metric({})), 'lag: 1,234 messages at 300 a replica make 5 replicas');
  assert.equal(reckoning(metric({ value: 1, desired: 1 })), 'lag: 1 message at 300 a replica make 1 replica');
  assert.equal(reckoning(metric({ value: null, desired: null, unknown: 'no route' })), 'lag is unknown: no route');
  assert.equal(reckoning(metric({ name: 'lag-seconds', value: 75, target: 30, desired: 3 })), 'lag-seconds: 1 min 15 s at 30 s a replica make 3 replicas');
  assert.equal(hpaText(replicas), 'keda-hpa-orders has 2 replicas and wants 3, within 0–20');
  assert.equal(hpaText({ ...replicas, current: null }), null);
  assert.equal(hpaText({ ...replicas, hpa_desired: null, min: null }), 'keda-hpa-orders has 2 replicas');
  assert.equal(bounds({ ...replicas, max: null }), '');
  assert.equal(problemText({ error: 'no route', triggers: 3, namespace: 'shop', name: 'orders', id: '' }), 'shop/orders and 2 more: no route');
  assert.equal(before(-300), '−5 min');
  assert.equal(before(0), 'now');
  assert.equal(tabTitle(list({ error: 1, idle: 4 }), true), '1 failing of 5 · Gantry scaler');
  assert.equal(tabTitle(list({ active: 1, idle: 4 }), false), '(stale) 1 active of 5 · Gantry scaler');
});

test('GivenANumberThatIsNotTheMeasuredOne_WhenShown_ThenItSaysWhy', () => {
  const rows: [Partial<Metric>, string | null][] = [
    [{}, null],
    [{ value: 400, measured: 1000, why_short: 'capped from 1,000' }, 'capped from 1,000'],
    [{ value: 1, measured: 0, why_short: '1 of it a retry' }, '1 of it a retry'],
    [{ value: 1, measured: 0 }, '0 measured'],
    [{ value: 5, measured: 5 }, null],
    [{ value: null, why_short: 'capped from 1,000' }, null],
  ];
  for (const [change, words] of rows) assert.equal(whyOther(metric(change)), words);
  const sample = { at_ms: 1, lag: 400, measured: 400, lag_seconds: null };
  assert.equal(tellsOther([sample, { ...sample, lag: null, measured: null }]), false);
  assert.equal(tellsOther([sample, { ...sample, measured: 1000 }]), true);
});

test('GivenATrigger_WhenSomethingIsWrong_ThenItsOwnErrorComesBeforeThatOfKubernetes', () => {
  assert.equal(complaint(trigger), null);
  assert.equal(complaint({ ...trigger, replicas: { ...replicas, problem: 'HPA: x' } }), 'HPA: x');
  assert.equal(complaint({ ...trigger, state: 'error', error: 'no route', replicas: { ...replicas, problem: 'HPA: x' } }), 'no route');
});
