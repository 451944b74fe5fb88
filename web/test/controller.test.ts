// The page of replica sets: its address, its questions, its words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Controller, Replica, ReplicaSet } from '../src/controller/api';
import { changed, electionsPath, FIRST, listPath, parseHash, setPath, toHash } from '../src/controller/query';
import { nextSteps, roleOf, verdictOf } from '../src/controller/words';

test('GivenAQuery_WhenWrittenIntoTheAddressAndReadAgain_ThenItIsTheSame', () => {
  for (const query of [FIRST, { q: 'a b&c', state: 'no_master' as const, sort: 'changed' as const, offset: 300, open: 'broker-a' }]) {
    assert.deepEqual(parseHash(toHash(query)), query);
  }
  assert.equal(toHash(FIRST), '');
});

test('GivenNonsenseInTheAddress_WhenRead_ThenItIsAsIfItWereAbsent', () => {
  assert.deepEqual(parseHash('#state=bad&sort=worse&offset=-3'), FIRST);
  assert.equal(parseHash('#offset=250').offset, 200);
  assert.equal(parseHash('#offset=1e99').offset, 0);
});

test('GivenAQuery_WhenAsked_ThenThePathsNameWhatTheServerKnows', () => {
  const query = { ...FIRST, q: 'orders', state: 'degraded' as const, offset: 100 };
  assert.equal(listPath(query), 'api/sets?sort=state&limit=100&search=orders&state=degraded&offset=100');
  assert.equal(electionsPath(query), 'api/elections?limit=30&search=orders');
  assert.equal(setPath('a/b'), 'api/sets/a%2Fb');
  assert.equal(setPath(''), null);
  assert.equal(changed(query, { q: 'x' }).offset, 0);
});

const controller = (change: Partial<Controller>): Controller => ({
  now_ms: 0, name: 'n0', address: 'a:1', group: 'g', ready: true, why: '', role: 'follower', term: 1, leader: 'n1', leader_address: 'b:1',
  commit_index: 1, applied_index: 1, brokers_alive: 0, members: [], sets: { total: 0, healthy: 0, degraded: 0, no_master: 0, new: 0 }, ...change,
});

test('GivenWhatTheControllerSays_WhenJudged_ThenTheWorstIsTheTitle', () => {
  const sets = { total: 5, healthy: 2, degraded: 1, no_master: 1, new: 1 };
  assert.deepEqual(verdictOf(controller({ role: null, leader: null })), { level: 'unknown', title: 'Of no group yet' });
  assert.deepEqual(verdictOf(controller({ leader: null, sets })), { level: 'error', title: 'No controller leads' });
  assert.deepEqual(verdictOf(controller({ sets })), { level: 'error', title: '1 of 5 sets has no master' });
  assert.deepEqual(verdictOf(controller({ sets: { ...sets, no_master: 0 } })), { level: 'busy', title: '1 of 5 sets is degraded' });
  assert.deepEqual(verdictOf(controller({ sets: { ...sets, no_master: 0, degraded: 0 } })), { level: 'idle', title: 'All 4 sets with a master are healthy' });
  assert.equal(verdictOf(controller({})).title, 'Waiting for the first broker');
});

test('GivenMembers_WhenNamed_ThenNobodyIsAFollowerOfNobody', () => {
  const member = { id: 2, name: 'n2', address: 'c:1', voter: true };
  assert.equal(roleOf(controller({}), { ...member, name: 'n1' }), 'leader');
  assert.equal(roleOf(controller({}), member), 'follower');
  assert.equal(roleOf(controller({ leader: null }), member), 'voter');
  assert.equal(roleOf(controller({}), { ...member, voter: false }), 'learner');
});

test('GivenASetWithoutAMaster_WhenOpened_ThenTheNextStepNamesWhoIsToBeStartedAndWhatTheOtherWayLoses', () => {
  const replica = (id: number, alive: boolean): Replica => ({ id, address: `b${id}:1`, alive, in_sync: false, epoch: null, max_offset: null });
  const set = (change: Partial<ReplicaSet>): ReplicaSet => ({
    cluster: 'c', set: 's', state: 'no_master', master_id: null, master_address: null, master_epoch: 2, sync_state_set_epoch: 3, in_sync: [1, 2],
    changed_at_ms: 1, replicas: [replica(1, false), replica(2, false), replica(3, false)], ...change,
  });
  const steps = (change: Partial<ReplicaSet>) => nextSteps(set(change), { address: 'n0:9878' });
  assert.equal(steps({}).length, 1);
  assert.match(steps({})[0]!, /^Start one of the brokers 1 \(b1:1\), 2 \(b2:1\): it was in sync/);
  const alone = steps({ in_sync: [2], replicas: [replica(2, false), replica(3, true)] });
  assert.match(alone[0]!, /^Start broker 2 \(b2:1\)/);
  assert.match(alone[1]!, /Only when none of them ever comes back: broker 3 \(b3:1\) is alive, but what only the others have would be lost/);
  assert.match(steps({ replicas: [replica(1, true)] })[0]!, /becomes master within seconds\. If not.*gantry controller elect s --endpoints n0:9878/);
  assert.match(steps({ state: 'new' })[0]!, /Start a broker/);
  assert.deepEqual(steps({ state: 'healthy' }), []);
});
