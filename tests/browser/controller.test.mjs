// The page of a real `gantry controller` with brokers of ours (brokers.mjs).
// Variables of the environment: real.mjs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { launch, open } from './browser.mjs';
import { Broker, freePort, startController } from './brokers.mjs';
import { controller, differences, elections, openSet, sets } from './contract.mjs';
import { binary, get, picture, waiter, without } from './real.mjs';

const check = (name, run) => test(name, { skip: without, timeout: 90_000 }, run);
const until = waiter(20_000);

const MANY = 10_000;

describe('the page of a real gantry controller', () => {
  let browser;
  let dir;
  let used = 0;
  const cleanup = [];

  const start = async (more) => {
    const started = await startController(binary, join(dir, `data${(used += 1)}`), more);
    cleanup.push(started.stop);
    return started;
  };
  const opened = async (url, options) => {
    const shown = await open(browser, url, options);
    cleanup.push(() => shown.close());
    return shown;
  };
  const ready = (url) => until('ready', async () => (await fetch(new URL('/readyz', url))).ok);
  const row = (page, name) => page.getByTestId('set').filter({ hasText: name });
  const join_ = async (port, name) => {
    const broker = await Broker.join(port, 'Shop', name);
    cleanup.push(() => broker.die());
    return broker;
  };

  before(async () => {
    if (without) return;
    dir = mkdtempSync(join(tmpdir(), 'gantry-controller-'));
    browser = await launch();
  });
  after(async () => {
    for (const undo of cleanup.reverse()) await undo();
    await browser?.close();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  check('GivenNoBroker_WhenOpened_ThenThePageSaysWhatToDo', async () => {
    const { url, port } = await start();
    await ready(url);
    const { page, errors } = await opened(url);
    await until('the empty page', async () => (await page.getByTestId('empty').count()) === 1);
    assert.match(await page.getByTestId('empty').innerText(), new RegExp(`No broker has come yet[\\s\\S]*controllerAddr=127\\.0\\.0\\.1:${port}[\\s\\S]*minInSyncReplicas=2`));
    assert.match(await page.getByTestId('members').innerText(), /n0\s*leader/);
    await picture(page, 'controller-empty');
    assert.deepEqual(errors, []);
  });

  check('GivenSets_WhenAMasterDies_ThenStatesMembersAndElectionsWithReasonsShow', async () => {
    const { url, port } = await start();
    await ready(url);
    const [a1, a2] = [await join_(port, 'orders-a'), await join_(port, 'orders-a')];
    const [b1, b2] = [await join_(port, 'orders-b'), await join_(port, 'orders-b')];
    await join_(port, 'invoices-a');
    await a1.inSync(1, [1, 2], 1);
    await b1.inSync(1, [1, 2], 1);
    assert.equal(a2.id, 2);
    const { page, errors, requests } = await opened(url);
    await until('all healthy', async () => /All 3 sets with a master are healthy/.test(await page.getByTestId('status').innerText()));
    assert.match(await row(page, 'orders-a').innerText(), /Shop[\s\S]*healthy[\s\S]*1[\s\S]*1, 2[\s\S]*2 of 2/);

    b1.die();
    await until('orders-b has master 2', async () => /degraded[\s\S]*2 10\.1\./.test((await row(page, 'orders-b').innerText()).replace(/\s+/g, ' ')));
    assert.match(await page.getByTestId('status').innerText(), /1 of 3 sets is degraded/);
    await row(page, 'orders-b').getByRole('button').click();
    const details = page.getByTestId('details');
    await until('its elections', async () => /instead of 1: the connection of the master closed/.test(await details.innerText()));
    const text = await details.innerText();
    assert.match(text, /1 10\.1\.\S+ silent not in sync/);
    assert.match(text, /2 10\.1\.\S+ master alive in sync epoch 1, offset [\d,]+/);
    assert.match(text, /the first master of the set/);
    assert.match(text, /2: elected \(in sync, epoch 1/);
    assert.match(await page.getByTestId('elections').innerText(), /orders-b\s*master 2 \(epoch 2\) instead of 1/);
    await picture(page, 'controller-sets', { fullPage: true });
    const dark = await opened(page.url(), { scheme: 'dark' });
    await until('dark', async () => (await dark.page.getByTestId('details').count()) === 1 && /elected/.test(await dark.page.getByTestId('details').innerText()));
    await picture(dark.page, 'controller-sets-dark', { fullPage: true });
    const narrow = await opened(page.url(), { width: 390, height: 844 });
    await until('narrow', async () => (await narrow.page.getByTestId('set').count()) === 3);
    const wide = await narrow.page.locator('main').evaluate((main) => main.scrollWidth - main.clientWidth);
    assert.ok(wide <= 0, `the narrow page is ${wide} px too wide`);
    await picture(narrow.page, 'controller-narrow');

    b2.die();
    await until('orders-b has none', async () => /no master/.test(await row(page, 'orders-b').innerText()));
    assert.equal(await page.getByTestId('status').getAttribute('data-level'), 'error');
    assert.match((await page.getByTestId('next-steps').innerText()).replace(/\s+/g, ' '), /Start broker 2 \(10\.1\.\S+\): it was in sync/);
    assert.match(await details.innerText(), /In sync: 2 \(epoch \d+\)/);
    await picture(page, 'controller-no-master', { fullPage: true });
    await page.getByLabel('No master').check();
    await until('only that', async () => (await page.getByTestId('set').count()) === 1);
    assert.match(page.url(), /state=no_master/);

    assert.deepEqual(differences(await get(url, '/api/controller'), controller), []);
    assert.deepEqual(differences(await get(url, '/api/sets'), sets), []);
    assert.deepEqual(differences(await get(url, '/api/sets/orders-b'), openSet), []);
    assert.deepEqual(differences(await get(url, '/api/elections'), elections), []);
    assert.deepEqual(errors, []);
    assert.ok(requests.every((asked) => asked.startsWith(url)), requests.find((asked) => !asked.startsWith(url)));
  });

  check('GivenNoGroupYetOrNoLeader_WhenOpened_ThenThePageSaysWhomItWaitsFor', async () => {
    const other = await freePort();
    const { url } = await start({ others: [`n1-127.0.0.1:${other}`] });
    assert.equal((await fetch(new URL('/readyz', url))).status, 503);
    const { page } = await opened(url);
    await until('the reason', async () => /not ready: .*no answer yet of n1/.test(await page.getByTestId('why').innerText()));
    assert.match(await page.getByTestId('status').innerText(), /Of no group yet/);
    await picture(page, 'controller-forming');
  });

  check('GivenAThirdOfTheGroupAlone_WhenOpened_ThenNobodyLeadsAndWhatWasAppliedShows', async () => {
    const ports = [await freePort(), await freePort(), await freePort()];
    const peers = ports.map((port, n) => `n${n}-127.0.0.1:${port}`).join(';');
    const { startGantry } = await import('./gantry.mjs');
    const nodes = [];
    for (const n of [0, 1, 2]) {
      const node = await startGantry(binary, ['controller', '--self', `n${n}`, '--peers', peers, '--data', join(dir, `third${n}`), '--http', '127.0.0.1:0'], [/page (http:[^\s,]+)/]);
      cleanup.push(node.stop);
      nodes.push(node);
    }
    const [url] = nodes[0].found;
    await ready(url);
    await join_(ports[0], 'orders-a');
    await nodes[2].stop();
    for (const n of [0, 1]) {  // one of them is a follower, which hears nothing of it by itself
      const { page: ofOne } = await opened(nodes[n].found[0]);
      await until('n2 is silent', async () => /n2\s*(follower|learner|voter)\s*silent/.test(await ofOne.getByTestId('members').innerText()));
      await picture(ofOne, `controller-silent-member-${n}`);
    }
    await nodes[1].stop();
    const { page } = await opened(url);
    await until('nobody leads', async () => /No controller leads/.test(await page.getByTestId('status').innerText()));
    assert.equal(await page.getByTestId('set').count(), 1);
    assert.match(await page.getByTestId('why').innerText(), /a majority of them must run[\s\S]*What is shown is what it had applied/);
    await picture(page, 'controller-no-leader');
    await nodes[0].stop();
    await until('stale', async () => (await page.getByTestId('connection').count()) === 1);
    assert.match(await page.getByTestId('connection').innerText(), /Everything below is stale/);
  });

  check('GivenTenThousandSets_WhenSearchedFilteredAndPaged_ThenThePageStaysQuick', async () => {
    const { url, port } = await start();
    await ready(url);
    // not waited for in one piece: the controller's log, a line for each election, is read here meanwhile
    await promisify(execFile)(binary, ['bench', 'controller', '--endpoints', `127.0.0.1:${port}`, '--case', 'alter', '--sets', String(MANY), '--in-flight', '256', '--seconds', '0.1', '--keep']);
    await join_(port, 'orders-a');
    const { page, errors } = await opened(url);
    await page.getByTestId('pager').waitFor();
    assert.match(await page.getByTestId('pager').innerText(), /1 to 100 of 10,001/);
    await picture(page, 'controller-many');
    const began = Date.now();
    await page.getByLabel('Search cluster, set or address').fill('ORDERS-');
    await until('the search', async () => (await page.getByTestId('set').count()) === 1);
    assert.ok(Date.now() - began < 3_000, `the search took ${Date.now() - began} ms`);
    assert.match(await row(page, 'orders-a').innerText(), /healthy/);
    await page.getByLabel('Search cluster, set or address').fill('');
    await until('all again', async () => (await page.getByTestId('set').count()) === 100);
    await page.getByTestId('pager').getByRole('button', { name: 'Next' }).click();
    await until('the next page', async () => /101 to 200/.test(await page.getByTestId('pager').innerText()));
    const asked = performance.now();
    const answer = await get(url, '/api/sets?search=bench&sort=changed&limit=500');
    assert.equal(answer.sets.length, 500);
    assert.ok(performance.now() - asked < 1_000);
    assert.deepEqual(errors, []);
  });
});
