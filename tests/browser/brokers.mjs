// Brokers as a controller sees them: they register, send heartbeats, report who is in sync, and go away. Remoting frames
// with JSON headers over one connection for each broker, since a closed connection is how a broker dies.
import { connect, createServer } from 'node:net';
import { startGantry } from './gantry.mjs';

/** A port that nobody listens on now. */
export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** A controller alone, or one of `peers` that is started without the others. port, url of its page, stop(signal). */
export async function startController(binary, data, { others = [], options = [] } = {}) {
  const port = await freePort();
  const peers = [`n0-127.0.0.1:${port}`, ...others].join(';');
  const { found, stop } = await startGantry(binary, ['controller', '--self', 'n0', '--peers', peers, '--data', data, '--http', '127.0.0.1:0', ...options], [/page (http:[^\s,]+)/]);
  return { port, url: found[0], stop };
}

const CODES = { heartbeat: 904, alter: 1001, elect: 1002, register: 1003, nextId: 1012, applyId: 1013 };

export class Broker {
  static async join(port, cluster, name) {
    const broker = new Broker(cluster, name);
    broker.socket = connect(port, '127.0.0.1');
    broker.socket.on('data', (chunk) => broker.take(chunk));
    broker.socket.on('error', () => {});
    await new Promise((done, failed) => broker.socket.once('connect', done).once('error', failed));
    const { extFields } = await broker.ask('nextId', { clusterName: cluster, brokerName: name });
    broker.id = Number(extFields.nextBrokerId);
    broker.address = `10.1.${broker.id}.${(Broker.count += 1) % 250}:10911`;
    await broker.ask('applyId', { clusterName: cluster, brokerName: name, appliedBrokerId: broker.id, registerCheckCode: `${broker.address};1` });
    broker.beat();
    broker.timer = setInterval(() => broker.beat(), 300);
    await broker.ask('register', { clusterName: cluster, brokerName: name, brokerId: broker.id, brokerAddress: broker.address });
    await broker.ask('elect', { clusterName: cluster, brokerName: name, brokerId: broker.id, designateElect: false });
    return broker;
  }
  static count = 0;

  constructor(cluster, name) {
    Object.assign(this, { cluster, name, epoch: 1, offset: 1_000_000, waiting: new Map(), received: Buffer.alloc(0), opaque: 0 });
  }

  /** Of the master: these are in sync. */
  async inSync(epoch, ids, syncEpoch) {
    return this.ask('alter', { brokerName: this.name, masterBrokerId: this.id, masterEpoch: epoch }, { syncStateSet: ids, syncStateSetEpoch: syncEpoch });
  }

  beat() {
    this.offset += 1000;
    this.send('heartbeat', 2, { clusterName: this.cluster, brokerName: this.name, brokerId: this.id, brokerAddr: this.address, epoch: this.epoch, maxOffset: this.offset, confirmOffset: this.offset, heartbeatTimeoutMills: 3000 });
  }

  die() {
    clearInterval(this.timer);
    this.socket.destroy();
  }

  ask(what, fields, body) {
    const opaque = this.send(what, 0, fields, body);
    return new Promise((done) => this.waiting.set(opaque, done));
  }

  send(what, flag, fields, body) {
    const extFields = Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, String(v)]));
    const header = Buffer.from(JSON.stringify({ code: CODES[what], language: 'JAVA', version: 479, opaque: (this.opaque += 1), flag, extFields, serializeTypeCurrentRPC: 'JSON' }));
    const content = Buffer.from(body ? JSON.stringify(body) : '');
    const head = Buffer.alloc(8);
    head.writeUInt32BE(4 + header.length + content.length, 0);
    head.writeUInt32BE(header.length, 4);
    this.socket.write(Buffer.concat([head, header, content]));
    return this.opaque;
  }

  take(chunk) {
    this.received = Buffer.concat([this.received, chunk]);
    while (this.received.length >= 4) {
      const size = this.received.readUInt32BE(0);
      if (this.received.length < 4 + size) return;
      const length = this.received.readUInt32BE(4) & 0xffffff;
      const header = JSON.parse(this.received.subarray(8, 8 + length));
      this.received = this.received.subarray(4 + size);
      this.waiting.get(header.opaque)?.(header);
      this.waiting.delete(header.opaque);
    }
  }
}
