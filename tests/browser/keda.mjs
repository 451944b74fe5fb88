// KEDA's part towards `gantry scaler`, for tests of its page: asks over gRPC as the operator does, by hand-made frames on
// Node's HTTP/2, so that no package is needed. And an API server that knows ScaledObjects and HPAs.
import { createServer } from 'node:http';
import { connect } from 'node:http2';

function varint(n) {
  const bytes = [];
  for (; n > 127; n = Math.floor(n / 128)) bytes.push((n % 128) | 128);
  return Buffer.from([...bytes, n]);
}

/** A length-delimited field of protobuf. */
function field(number, content) {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([number * 8 + 2]), varint(bytes.length), bytes]);
}

/** ScaledObjectRef: name 1, namespace 2, scalerMetadata 3. */
function refOf({ namespace, name, metadata }) {
  const entries = Object.entries(metadata).map(([key, value]) => field(3, Buffer.concat([field(1, key), field(2, value)])));
  return Buffer.concat([field(1, name), field(2, namespace), ...entries]);
}

function framed(message) {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

export class Keda {
  constructor(port) {
    this.session = connect(`http://127.0.0.1:${port}`);
    this.session.on('error', () => {});
    this.streams = [];
  }

  #open(method, message) {
    const stream = this.session.request({
      ':method': 'POST', ':path': `/externalscaler.ExternalScaler/${method}`, 'content-type': 'application/grpc', te: 'trailers',
    });
    stream.on('error', () => {});
    stream.end(framed(message));
    return stream;
  }

  /** grpc-status and grpc-message of the answer. */
  #ask(method, message) {
    return new Promise((done, failed) => {
      const stream = this.#open(method, message);
      let ended = {};
      stream.on('response', (headers) => { ended = headers['grpc-status'] === undefined ? ended : headers; });
      stream.on('trailers', (trailers) => { ended = trailers; });
      stream.on('close', () => done({ status: Number(ended['grpc-status'] ?? -1), message: decodeURIComponent(ended['grpc-message'] ?? '') }));
      stream.on('error', failed);
      stream.resume();
    });
  }

  /** One poll of a trigger: GetMetricSpec, GetMetrics of each metric, IsActive. */
  async poll(object) {
    const ref = refOf(object);
    await this.#ask('GetMetricSpec', ref);
    for (const metric of object.metadata.lagSecondsThreshold ? ['lag', 'lag-seconds'] : ['lag']) {
      await this.#ask('GetMetrics', Buffer.concat([field(1, ref), field(2, metric)]));
    }
    return this.#ask('IsActive', ref);
  }

  /** StreamIsActive, open until close(). */
  push(object) {
    const stream = this.#open('StreamIsActive', refOf(object));
    stream.resume();
    this.streams.push(stream);
  }

  close() {
    this.session.destroy();
  }
}

/** Lists of what it is given, and watches that stay silent. objects: {'/apis/.../scaledobjects': [..], ...}. */
export async function startApiServer(lists) {
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const items = lists[url.pathname];
    if (!items) {
      response.writeHead(403, { 'content-type': 'application/json' });
      return response.end(JSON.stringify({ kind: 'Status', status: 'Failure', reason: 'Forbidden', code: 403, message: `${url.pathname} is forbidden` }));
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    if (url.searchParams.get('watch')) return response.flushHeaders();
    return response.end(JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items }));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    kubeconfig: JSON.stringify({
      'current-context': 'test', contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      clusters: [{ name: 'test', cluster: { server: url } }], users: [{ name: 'test', user: { token: 'none' } }],
    }),
    close: () => new Promise((closed) => {
      server.close(closed);
      server.closeAllConnections?.();
    }),
  };
}

/** As KEDA keeps it; `condition` is one that holds beside Ready. */
export function kubeScaledObject(name, min, max, condition) {
  const conditions = [{ type: 'Ready', status: 'True' }, ...(condition ? [{ type: condition, status: 'True' }] : [])];
  return { metadata: { namespace: 'shop', name }, spec: { minReplicaCount: min, maxReplicaCount: max }, status: { hpaName: `keda-hpa-${name}`, conditions } };
}

/** The API server leaves a `current` of 0 out: undefined. */
export function kubeHpa(name, current, desired) {
  return {
    metadata: { namespace: 'shop', name: `keda-hpa-${name}` },
    status: { currentReplicas: current, desiredReplicas: desired, conditions: [{ type: 'AbleToScale', status: 'True' }] },
  };
}
