// The page of a real `gantry scaler` that a KEDA of ours (keda.mjs) asks about triggers on a real `gantry broker`.
// Variables of the environment: real.mjs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { differences, list, scaledObject } from './contract.mjs';
import { launch, open } from './browser.mjs';
import { startBroker, startScaler } from './gantry.mjs';
import { Keda, kubeHpa, kubeScaledObject, startApiServer } from './keda.mjs';
import { binary, get, picture, waiter, without } from './real.mjs';

const check = (name, run) => test(name, { skip: without, timeout: 60_000 }, run);
const until = waiter(15_000);

const MANY = 2000;

describe('the page of a real gantry scaler', () => {
  let browser;
  let dir;
  let nameServer;
  const cleanup = [];

  async function scaler(...options) {
    const { found: [port, url], stop } = await startScaler(binary, ...options);
    cleanup.push(stop);
    const keda = new Keda(port);
    cleanup.push(() => keda.close());
    return { url, keda, stop };
  }
  const gantry = (...args) => {
    const { status, stderr } = spawnSync(binary, [...args, '--namesrv', nameServer], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  const trigger = (name, metadata = {}, namespace = 'shop') => ({
    namespace, name, metadata: { scalerAddress: 'gantry-scaler:6000', nameServers: nameServer, topic: 'orders', consumerGroup: `${name}-workers`, lagThreshold: '10', ...metadata },
  });
  const opened = async (url, options) => {
    const shown = await open(browser, url, options);
    cleanup.push(() => shown.close());
    return shown;
  };
  const row = (page, name) => page.getByTestId('trigger').filter({ hasText: name });

  before(async () => {
    if (without) return;
    dir = mkdtempSync(join(tmpdir(), 'gantry-scaler-'));
    const { found, stop } = await startBroker(binary, join(dir, 'data'));
    cleanup.push(stop);
    [nameServer] = found;
    gantry('topic', 'create', 'orders', '--queues', '4');
    gantry('topic', 'create', 'bills', '--queues', '4');
    gantry('send', '--topic', 'orders', '--body', 'x', '--count', '35');
    browser = await launch();
  });
  after(async () => {
    for (const undo of cleanup.reverse()) await undo();
    await browser?.close();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  check('GivenNobodyAsks_WhenOpened_ThenThePageSaysWhatToDo', async () => {
    const { url, keda } = await scaler();
    const { page, errors } = await opened(url);
    const empty = await page.getByTestId('empty').innerText();
    assert.match(empty, /No ScaledObject has asked yet[\s\S]*scalerAddress: gantry-scaler[\s\S]*of several copies/);
    await picture(page, 'scaler-empty');
    await keda.poll(trigger('first'));
    await row(page, 'shop/first').waitFor();
    assert.equal(await page.getByTestId('empty').count(), 0);
    assert.deepEqual(errors, []);
  });

  check('GivenTriggers_WhenAsked_ThenReadingsTargetsReplicasErrorsAndHistoryShow', async () => {
    const api = await startApiServer({
      '/apis/keda.sh/v1alpha1/scaledobjects': [
        kubeScaledObject('active', 0, 20),
        kubeScaledObject('idle', 0, 5, 'Paused'),
        kubeScaledObject('failing', 1, 5, 'Fallback'),
      ],
      '/apis/autoscaling/v2/horizontalpodautoscalers': [kubeHpa('active', 2, 3), kubeHpa('idle', undefined, 0)],
    });
    cleanup.push(() => api.close());
    const kubeconfig = join(dir, 'kubeconfig');
    writeFileSync(kubeconfig, api.kubeconfig);
    const { url, keda } = await scaler('--kubeconfig', kubeconfig);
    const active = trigger('active', { lagSecondsThreshold: '30' });
    const long = trigger(`a-name-of-the-greatest-length-${'x'.repeat(200)}`, { topic: 'bills', consumerGroup: `g${'y'.repeat(100)}` });
    keda.push(active);
    await keda.poll(active);
    await keda.poll(trigger('idle', { topic: 'bills' }));
    await keda.poll(long);
    const unreachable = await keda.poll(trigger('failing', { nameServers: '127.0.0.1:1' }));
    assert.equal(unreachable.status, 14);
    const wrong = await keda.poll(trigger('wrong', { lagThreshold: 'ten' }));
    assert.equal(wrong.status, 3);

    const { page, errors, requests } = await opened(url);
    await until('replicas', async () => /HPA 3/.test(await row(page, 'shop/active').innerText()));
    assert.equal(await page.getByTestId('status').getAttribute('data-level'), 'error');
    assert.match(await page.getByTestId('status').innerText(), /2 of 5 triggers fail[\s\S]*shop\/failing: .*127\.0\.0\.1:1[\s\S]*shop\/wrong: lagThreshold: .*"ten"/);
    assert.deepEqual(await page.getByTestId('trigger').evaluateAll((rows) => rows.map((r) => r.dataset.state)), ['error', 'error', 'active', 'idle', 'idle']);
    const cells = async (name) => (await row(page, name).locator('td').allInnerTexts()).map((t) => t.replace(/\s+/g, ' ').trim());
    const [state, lag, target, desired, current] = await cells('shop/active');
    assert.equal(state, 'active push');
    assert.match(lag, /^35 \d/);
    assert.equal(target, '10 30 s');
    assert.equal(desired, '4 HPA 3');
    assert.equal(current, '2 of 0–20');
    const idle = await cells('shop/idle');
    assert.deepEqual([idle[0], idle[1], idle[3], idle[4]], ['idle paused', '0', '0 HPA 0', '0 of 0–5']);
    const failing = await cells('shop/failing');
    assert.match(failing[0], /error fallback/);
    for (const unknown of [failing[1], failing[3], failing[4]]) assert.match(unknown, /^unknown ?: /);
    assert.match(failing[4], /no HPA keda-hpa-failing/);
    await picture(page, 'scaler-light', { fullPage: true });

    await row(page, 'shop/active').getByRole('button').click();
    const details = page.getByTestId('details');
    await details.locator('canvas').first().waitFor();
    assert.equal(await details.locator('canvas').count(), 2);
    assert.match(await details.innerText(), /lag: 35 messages at 10 a replica make 4 replicas[\s\S]*keda-hpa-active has 2 replicas and wants 3, within 0–20[\s\S]*a stream is open/);
    await picture(page, 'scaler-open', { fullPage: true });
    assert.match(page.url(), /#open=shop/);
    const again = await opened(page.url(), { scheme: 'dark' });
    await again.page.getByTestId('details').locator('canvas').first().waitFor();
    await picture(again.page, 'scaler-dark', { fullPage: true });
    const narrow = await opened(page.url(), { width: 380, height: 800 });
    await narrow.page.getByTestId('details').locator('canvas').first().waitFor();
    assert.ok(await narrow.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no scrolling sideways');
    await picture(narrow.page, 'scaler-narrow', { fullPage: true });

    assert.deepEqual(differences(await get(url, 'api/scaled-objects'), list), []);
    for (const name of ['active', 'failing', 'wrong']) {
      assert.deepEqual(differences(await get(url, `api/scaled-objects/shop/${name}`), scaledObject), []);
    }
    assert.match((await get(url, 'api/scaled-objects/shop/unheard')).error, /nobody has asked about shop\/unheard/);
    assert.match((await get(url, 'api/scaled-objects?sort=size')).error, /expected one of state, name, lag, asked/);
    assert.deepEqual(errors, []);
    assert.deepEqual(requests.filter((r) => !r.startsWith(url) && !r.startsWith('data:')), []);

    // a click on a problem opens its row, wherever it is
    await page.getByTestId('status').getByRole('button').nth(1).click();
    await until('the row that fails', async () => (await page.getByTestId('trigger').count()) === 1);
    assert.equal(await row(page, 'shop/wrong').getByRole('button').getAttribute('aria-expanded'), 'true');
    assert.equal(await page.getByRole('searchbox').inputValue(), 'shop/wrong');
  });

  check('GivenACappedLagOfAGroupThatNeverCommitted_WhenAsked_ThenBothNumbersAndANoticeShow', async () => {
    const { url, keda } = await scaler();
    await keda.poll(trigger('capped', { lagThreshold: '5' }));
    await keda.poll(trigger('plain', { topic: 'bills' }));
    const { page, errors } = await opened(url);
    assert.equal((await row(page, 'shop/capped').locator('td[data-label=Lag]').innerText()).trim(), '20, capped from 35');
    assert.equal((await row(page, 'shop/plain').locator('td[data-label=Lag]').innerText()).trim(), '0');
    assert.deepEqual(await page.getByTestId('notice').allInnerTexts(), ['group capped-workers has never committed an offset here, and no consumer of it is connected: a new group, or is the name wrong? (gantry group list)']);
    assert.equal(await page.getByTestId('status').getAttribute('data-level'), 'busy', 'a notice is no error');
    await row(page, 'shop/capped').getByRole('button').click();
    const details = page.getByTestId('details');
    await details.locator('canvas').first().waitFor();
    const text = await details.innerText();
    assert.match(text, /lag: 20 messages at 5 a replica make 4 replicas; 35 measured, 4 queues x 5/);
    assert.match(text, /lag measured\s*35[\s\S]*told to KEDA\s*20/);
    await picture(page, 'scaler-capped', { fullPage: true });
    assert.deepEqual(differences(await get(url, 'api/scaled-objects/shop/capped'), scaledObject), []);
    assert.deepEqual(errors, []);
  });

  check('GivenNoApiServer_WhenOpened_ThenReplicasAreUnknownAndThePageSaysWhy', async () => {
    const { url, keda } = await scaler();
    await keda.poll(trigger('alone'));
    const { page } = await opened(url);
    assert.match(await page.getByTestId('replicas-unknown').innerText(), /Current replicas are unknown: no access to the Kubernetes API/);
    assert.match(await row(page, 'shop/alone').locator('td[data-label=Current]').innerText(), /^unknown/);
  });

  check('GivenTwoThousandTriggers_WhenSearchedFilteredAndTurned_ThenThePageStaysQuick', async () => {
    const { url, keda } = await scaler();
    for (let i = 0; i < MANY; i += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, n) => i + n).map((n) => keda.poll(
        trigger(`object-${String(n).padStart(4, '0')}`, { ...(n % 500 === 7 ? { lagThreshold: 'x' } : {}), ...(n % 10 ? { topic: 'bills' } : {}) }, `team-${n % 20}`))));
    }
    const { page, errors } = await opened(url);
    assert.match(await page.getByTestId('pager').innerText(), /1 to 100 of 2,000/);
    assert.equal(await page.getByTestId('trigger').count(), 100);
    assert.match(await page.getByTestId('status').innerText(), /4 of 2,000 triggers fail[\s\S]*and 3 more: lagThreshold/);
    await picture(page, 'scaler-many');
    await page.getByRole('button', { name: 'Next' }).click();
    await until('the second page', async () => /101 to 200/.test(await page.getByTestId('pager').innerText()));
    await page.getByRole('searchbox').fill('OBJECT-123');
    await until('what was searched', async () => (await page.getByTestId('trigger').count()) === 10);
    await page.getByLabel('Error').check();
    await page.getByText('No trigger matches.').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await until('all again', async () => (await page.getByTestId('trigger').count()) === 100);
    await page.getByRole('button', { name: 'Lag', exact: true }).click();
    await until('the order', async () => /sort=lag/.test(page.url()) && (await page.getByTestId('trigger').nth(4).getAttribute('data-state')) === 'active');
    const bytes = Buffer.byteLength(await (await fetch(new URL('api/scaled-objects', url))).text());
    assert.ok(bytes < 100_000, `a list of ${bytes} bytes`);
    assert.deepEqual(errors, []);
  });

  check('GivenAScalerThatDies_WhenOpen_ThenThePageIsStaleAndSaysSo', async () => {
    const { url, keda, stop } = await scaler();
    await keda.poll(trigger('last'));
    const { page } = await opened(url);
    await stop();
    await page.getByTestId('connection').waitFor();
    assert.match(await page.getByTestId('connection').innerText(), /does not answer[\s\S]*stale/);
    assert.match(await page.title(), /^\(stale\)/);
    await row(page, 'shop/last').waitFor();
    await picture(page, 'scaler-stale');
  });
});
