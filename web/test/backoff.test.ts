import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIRST_WAIT_MS, LONGEST_WAIT_MS, wait_ms } from '../src/backoff';

test('GivenFailedAttempts_WhenWaiting_ThenEachWaitDoublesUpToTheLongest', () => {
  assert.deepEqual([0, 1, 2, 3].map((n) => wait_ms(n, 0)), [FIRST_WAIT_MS, 1000, 2000, 4000]);
  assert.equal(wait_ms(50, 0), LONGEST_WAIT_MS);
});

test('GivenManyPages_WhenWaiting_ThenTheySpreadByAtMostAFifth', () => {
  assert.equal(wait_ms(0, 0.999999), FIRST_WAIT_MS * 0.8);
});
