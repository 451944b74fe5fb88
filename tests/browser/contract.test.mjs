// Does the server keep to web/src/api.ts? The mock always, so that it does not drift; GANTRY_URL when it is set.
// Needs no browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mock } from './browser.mjs';
import { differences, history, state } from './contract.mjs';

const get = async (url, path) => (await fetch(new URL(path, url))).json();

/** The first event of the stream: its name and its data. */
async function firstEvent(url) {
  const response = await fetch(new URL('api/events', url), { headers: { accept: 'text/event-stream' } });
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the stream ended: ${text}`);
    text += decoder.decode(value, { stream: true });
    const block = text.replaceAll('\r\n', '\n').split('\n\n').find((b) => /^event:/m.test(b) && text.includes('\n\n'));
    if (!block) continue;
    await reader.cancel();
    return { event: /^event: ?(.*)$/m.exec(block)[1], data: JSON.parse(/^data: ?(.*)$/m.exec(block)[1]) };
  }
}

async function check(url) {
  assert.deepEqual(differences(await get(url, 'api/state'), state), []);
  assert.deepEqual(differences(await get(url, 'api/history'), history), []);
  const { event, data } = await firstEvent(url);
  assert.equal(event, 'state');
  assert.deepEqual(differences(data, state), []);
}

for (const scenario of ['burst', 'unknown', 'crash', 'empty', 'crowd', 'late']) {
  test(`GivenTheMock_WhenPlaying_${scenario}_ThenItKeepsToTheContract`, async () => {
    const server = await mock({ scenario, from: 22, speed: 0 });
    try {
      await check(server.url);
    } finally {
      await server.close();
    }
  });
}

test('GivenARunningGantry_WhenAsked_ThenItKeepsToTheContract', { skip: process.env.GANTRY_URL ? false : 'GANTRY_URL is not set' }, () => check(process.env.GANTRY_URL));

test('GivenAFieldLeftOutOrAZeroForNull_WhenCompared_ThenTheDifferenceIsNamed', () => {
  assert.deepEqual(differences({ samples: [{ t_s: 1, lag: null, in_flight: 0, oldest_age_ms: '0', replicas: null, sent: 1, extra: 1 }] }, history), [
    'samples[0].oldest_age_ms: expected a number or null, got string',
    'samples[0].replicas: expected a number, got null',
    'samples[0].incoming: missing',
    'samples[0].consumed: missing',
    'samples[0].extra: not in the contract',
  ]);
});
