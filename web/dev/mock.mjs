// A server that stands in for `gantry up`: the built page, /api/state, /api/events and /api/history of a simulated
// minute. For development and for the browser tests; Node only.
//
//   node dev/mock.mjs [--port 19100] [--scenario burst|unknown|crash|empty|crowd|late] [--from 0] [--speed 1] [--root dist]
//
// --from begins that many seconds into the minute; --speed 0 freezes it there.
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Simulation, scenarios } from './simulation.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8' };

/** Resolves to {url, port, close()}; close also cuts open event streams, as a killed server does. */
export function startMock({ port = 0, scenario = 'burst', from = 0, speed = 1, root, every_ms = 1000, late_history_ms = 0 } = {}) {
  const files = resolve(root ?? process.env.GANTRY_WEB_DIST ?? join(here, '..', 'dist'));
  const simulation = new Simulation({ scenario, epoch_ms: Date.now() - from * 1000 });
  const started = Date.now();
  const advance = () => simulation.runTo(from + ((Date.now() - started) / 1000) * speed);
  simulation.runTo(from);
  const streams = new Set();

  const json = (response, value) => {
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(value));
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    advance();
    if (path === '/api/state') return json(response, simulation.state());
    if (path === '/api/history') {
      setTimeout(() => json(response, { samples: simulation.samples }), late_history_ms);
      return undefined;
    }
    if (path === '/api/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      const send = () => {
        advance();
        response.write(`event: state\ndata: ${JSON.stringify(simulation.state())}\n\n`);
      };
      send();
      const timer = setInterval(send, every_ms);
      streams.add(response);
      request.on('close', () => {
        clearInterval(timer);
        streams.delete(response);
      });
      return undefined;
    }
    const file = join(files, path === '/' ? 'index.html' : path.slice(1));
    if (!file.startsWith(files) || !existsSync(file) || !types[extname(file)]) {
      response.writeHead(404, { 'content-type': 'text/plain' });
      return response.end('not found\n');
    }
    response.writeHead(200, { 'content-type': types[extname(file)], 'cache-control': 'no-store' });
    return response.end(readFileSync(file));
  });
  return new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', () => {
      const { port: bound } = server.address();
      done({
        url: `http://127.0.0.1:${bound}/`,
        port: bound,
        simulation,
        close: () =>
          new Promise((closed) => {
            for (const stream of streams) stream.destroy();
            server.close(closed);
            server.closeAllConnections?.();
          }),
      });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const option = (name, fallback) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? fallback : process.argv[at + 1];
  };
  const scenario = option('scenario', 'burst');
  if (!scenarios.includes(scenario)) {
    console.error(`unknown scenario "${scenario}": expected one of ${scenarios.join(', ')}`);
    process.exit(2);
  }
  const mock = await startMock({
    port: Number(option('port', 19100)), scenario, from: Number(option('from', 0)), speed: Number(option('speed', 1)), root: option('root'),
  });
  console.log(`${scenario} on ${mock.url}`);
}
