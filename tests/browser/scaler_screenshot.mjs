// Makes docs/scaler-page.png: the page of `gantry scaler` with a few triggers, after a minute of polls.
//
//   GANTRY_NODE_MODULES=build/release/web-npm-dev/node_modules node tests/browser/scaler_screenshot.mjs build/release/gantry [docs/scaler-page.png]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, open } from './browser.mjs';
import { startBroker, startScaler } from './gantry.mjs';
import { Keda, kubeHpa, kubeScaledObject, startApiServer } from './keda.mjs';

const [binary, file = 'docs/scaler-page.png'] = process.argv.slice(2);
const POLLS = 13;
const POLL_MS = 5_000;
const dir = mkdtempSync(join(tmpdir(), 'gantry-picture-'));
const api = await startApiServer({
  '/apis/keda.sh/v1alpha1/scaledobjects': [kubeScaledObject('orders', 0, 20), kubeScaledObject('invoices', 0, 10), kubeScaledObject('emails', 1, 5, 'Fallback'), kubeScaledObject('reports', 0, 3)],
  '/apis/autoscaling/v2/horizontalpodautoscalers': [kubeHpa('orders', 4, 5), kubeHpa('invoices', 2, 2), kubeHpa('emails', 2, 2), kubeHpa('reports', undefined, 0)],
});
writeFileSync(join(dir, 'kubeconfig'), api.kubeconfig);
writeFileSync(join(dir, 'scaler.yaml'), 'rocketmq: {readingMaxAge: 100ms}\n');
const broker = await startBroker(binary, join(dir, 'data'));
const scaler = await startScaler(binary, '--config', join(dir, 'scaler.yaml'), '--kubeconfig', join(dir, 'kubeconfig'));
const [nameServers] = broker.found;
const [port, url] = scaler.found;
const keda = new Keda(port);
const browser = await launch();
const gantry = (...args) => spawnSync(binary, [...args, '--namesrv', nameServers]);
const trigger = (name, topic, metadata = {}) => ({ namespace: 'shop', name, metadata: { nameServers, topic, consumerGroup: `${name}-workers`, lagThreshold: '300', ...metadata } });
try {
  for (const topic of ['orders', 'invoices', 'reports']) {
    gantry('topic', 'create', topic, '--queues', '16');
    gantry('send', '--topic', topic, '--body', 'x', '--count', '16');
    gantry('consume', '--topic', topic, '--group', `${topic}-workers`, '--mode', 'pull', '--count', '16'); // groups at work, not new ones
  }
  gantry('send', '--topic', 'invoices', '--body', 'x', '--count', '410');
  const orders = trigger('orders', 'orders', { lagSecondsThreshold: '30' });
  keda.push(orders);
  for (let i = 0; i < POLLS; ++i) {
    gantry('send', '--topic', 'orders', '--body', 'x', '--count', String(60 + 30 * (i % 4)));
    await keda.poll(orders);
    await keda.poll(trigger('invoices', 'invoices'));
    await keda.poll(trigger('reports', 'reports'));
    await keda.poll(trigger('emails', 'emails', { nameServers: '127.0.0.1:9875' }));
    if (i + 1 < POLLS) await new Promise((done) => setTimeout(done, POLL_MS));
  }
  const { page } = await open(browser, `${url}#open=${encodeURIComponent(`shop/orders/orders-workers/orders@${nameServers}`)}`, { width: 1180, height: 860 });
  await page.getByTestId('details').locator('canvas').first().waitFor();
  await page.screenshot({ path: file });
  console.log(file);
} finally {
  await browser.close();
  keda.close();
  await scaler.stop();
  await broker.stop();
  await api.close();
  rmSync(dir, { recursive: true, force: true });
}
