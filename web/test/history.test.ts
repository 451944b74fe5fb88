import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../src/api';
import { append, lastSeconds, MAX_SAMPLES, merge, peak, rates, spanToShow, unknownRanges } from '../src/history';

const at = (t_s: number, more: Partial<Sample> = {}): Sample => ({ t_s, lag: 0, in_flight: 0, oldest_age_ms: 0, replicas: 0, incoming: 0, sent: 0, consumed: 0, ...more });

test('GivenANewerSample_WhenAppended_ThenItIsLast', () => {
  assert.deepEqual(append([at(1)], at(2)).map((s) => s.t_s), [1, 2]);
});

test('GivenTheSameSampleTwice_WhenAppended_ThenTheLaterOneReplacesIt', () => {
  assert.deepEqual(append([at(1, { lag: 5 })], at(1, { lag: 7 })), [at(1, { lag: 7 })]);
});

test('GivenAnOlderSample_WhenAppended_ThenItIsIgnored', () => {
  const samples = [at(5)];
  assert.equal(append(samples, at(4)), samples);
});

test('GivenTooManySamples_WhenOneIsAppended_ThenTheOlderHalfIsThinned', () => {
  const full = Array.from({ length: MAX_SAMPLES }, (_, i) => at(i));
  const thinned = append(full, at(MAX_SAMPLES));
  assert.ok(thinned.length < MAX_SAMPLES * 0.8);
  assert.equal(thinned[0]!.t_s, 0);
  assert.equal(thinned.at(-1)!.t_s, MAX_SAMPLES);
});

test('GivenABurstThatIsOver_WhenShown_ThenTheSpanIsTheShortestThatHasIt', () => {
  const spans = [60, 300, 1800, Infinity];
  const burst = [at(0), at(10, { lag: 900 }), at(20)];
  const rows: [Sample[], number][] = [
    [[], 300],
    [[at(0), at(5000)], 300], // there never was one
    [burst, 300],
    [[...burst, at(309)], 300],
    [[...burst, at(740)], 1800],
    [[...burst, at(7200)], Infinity],
    [[...burst, at(740), at(741, { lag: 1 })], 300],
    [[...burst, at(740), at(741, { lag: null })], 300], // unknown is something, too
  ];
  for (const [samples, span] of rows) assert.equal(spanToShow(samples, spans, 300), span);
});

test('GivenAHistoryAndOurOwn_WhenMerged_ThenOnlyOursAfterItsEndRemain', () => {
  assert.deepEqual(merge([at(1), at(2)], [at(2, { lag: 9 }), at(3)]).map((s) => s.t_s), [1, 2, 3]);
  assert.deepEqual(merge([], [at(3)]).map((s) => s.t_s), [3]);
});

test('GivenASpan_WhenCut_ThenTheLastSecondsRemain', () => {
  const samples = [0, 1, 2, 3].map((t) => at(t));
  assert.deepEqual(lastSeconds(samples, 1).map((s) => s.t_s), [2, 3]);
  assert.deepEqual(lastSeconds(samples, Infinity), samples);
  assert.deepEqual(lastSeconds([], 5), []);
});

test('GivenASteadyCounter_WhenRated_ThenTheFirstIsUnknownAndTheRestIsItsRate', () => {
  assert.deepEqual(rates([0, 1, 2, 3, 4, 5].map((t) => at(t, { incoming: 10 * t })), 'incoming'), [null, 10, 10, 10, 10, 10]);
});

test('GivenAnUnknownReading_WhenRated_ThenTheRateThereIsUnknownNotZero', () => {
  const values = rates([at(0), at(1, { consumed: null }), at(2, { consumed: 8 })], 'consumed');
  assert.deepEqual(values, [null, null, 4]);
});

test('GivenACounterThatWentBack_WhenRated_ThenTheRateIsUnknownNotNegative', () => {
  assert.deepEqual(rates([at(0, { incoming: 100 }), at(1, { incoming: 3 })], 'incoming'), [null, null]);
});

test('GivenGaps_WhenAskedForRanges_ThenNeighboursAreJoined', () => {
  assert.deepEqual(unknownRanges([1, null, null, 2, null]), [[1, 2], [4, 4]]);
  assert.deepEqual(unknownRanges([0, 1]), []);
});

test('GivenOnlyUnknownValues_WhenAskedForThePeak_ThenItIsUnknown', () => {
  assert.equal(peak([null, null]), null);
  assert.equal(peak([null, 0, -1]), 0);
});
