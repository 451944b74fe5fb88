// Starts gantry as a process, for tests of its pages and for pictures of them.
import { spawn } from 'node:child_process';

/**
 * Answers once `ready` (regular expressions) all match what it prints: found (their first groups), stop(signal). No file of
 * this machine says where an API server is.
 */
export async function startGantry(binary, args, ready) {
  const env = { ...process.env, HOME: '/nonexistent' };
  for (const name of ['KUBECONFIG', 'KUBERNETES_SERVICE_HOST']) delete env[name];
  const child = spawn(binary, args, { env });
  const ended = new Promise((done) => child.on('exit', done));
  const stop = async (signal = 'SIGKILL') => {
    child.kill(signal);
    await ended;
  };
  let output = '';
  return new Promise((done, failed) => {
    const look = (chunk) => {
      output += chunk;
      const found = ready.map((each) => each.exec(output));
      if (found.every(Boolean)) done({ found: found.map((f) => f[1]), stop });
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    ended.then((code) => failed(new Error(`gantry ${args[0]} ended with ${code}: ${output}`)));
  });
}

const any = '127.0.0.1:0';

/** found: the name server's address. */
export function startBroker(binary, data) {
  return startGantry(binary, ['broker', '--data', data, '--namesrv-listen', any, '--listen', any], [/name server.*?(127\.0\.0\.1:\d+)/]);
}

/** found: the gRPC port and the page's address. */
export function startScaler(binary, ...options) {
  return startGantry(binary, ['scaler', '--grpc-listen', any, '--http', any, ...options], [/external scaler on \S+:(\d+)/, /page (http:\S+)/]);
}
