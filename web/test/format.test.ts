import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, clock, count, duration, plural, rate, shortCount, splitUnits } from '../src/format';

const table = <T extends unknown[]>(name: string, fn: (...args: T) => unknown, rows: [T, unknown][]) =>
  rows.forEach(([args, want]) => test(`${name}(${args.map((a) => JSON.stringify(a)).join(', ')}) is ${JSON.stringify(want)}`, () => assert.deepEqual(fn(...args), want)));

table('count', count, [
  [[null], 'unknown'],
  [[undefined], 'unknown'],
  [[NaN], 'unknown'],
  [[0], '0'],
  [[12345], '12,345'],
  [[1_234_567], '1.23M'],
  [[2_500_000_000], '2.50G'],
]);

table('shortCount', shortCount, [
  [[0], '0'],
  [[950], '950'],
  [[1500], '1.5k'],
  [[2_000_000], '2M'],
]);

table('rate', rate, [
  [[null], 'unknown'],
  [[0], '0'],
  [[0.25], '0.3'],
  [[9.96], '10'],
  [[1234.5], '1,235'],
]);

table('duration', duration, [
  [[null], 'unknown'],
  [[0], '0 ms'],
  [[999.4], '999 ms'],
  [[999.6], '1 s'],
  [[12_400], '12.4 s'],
  [[59_940], '59.9 s'],
  [[59_960], '1 min'],
  [[75_000], '1 min 15 s'],
  [[3_600_000], '1 h'],
  [[7_500_000], '2 h 5 min'],
  [[90_000_000], '1 d 1 h'],
  [[-2000], '−2 s'],
]);

table('splitUnits', splitUnits, [
  [['12.4 s'], [['12.4', 's']]],
  [['1 min 15 s'], [['1', 'min'], ['15', 's']]],
  [['12,345'], [['12,345', '']]],
  [['unknown'], [['unknown', '']]],
]);

table('clock', clock, [
  [[0], '0:00'],
  [[75], '1:15'],
  [[3675], '1:01:15'],
  [[-3], '0:00'],
]);

table('ago', ago, [
  [[null, 5000], 'unknown'],
  [[4000, 5000], 'just now'],
  [[1000, 5000], '4 s ago'],
  [[9000, 5000], 'just now'],
]);

table('plural', (v: number | null, one: string) => plural(v, one), [
  [[1, 'message'], '1 message'],
  [[0, 'message'], '0 messages'],
  [[null, 'message'], 'unknown messages'],
]);
