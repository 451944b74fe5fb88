// One step of the page's tests with the packages and the page that CMake keeps in the build tree:
//
//   node dev/test.mjs check|unit|browser BUILD_DIR
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const [step, build] = process.argv.slice(2);
const modules = join(resolve(build), 'web-npm-dev', 'node_modules');
const env = {
  GANTRY_BINARY: join(resolve(build), 'gantry'), ...process.env,
  GANTRY_NODE_MODULES: modules, GANTRY_WEB_DIST: join(resolve(build), 'web'),
};

const run = (...args) => {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env, cwd: web });
  if (status !== 0) process.exit(status ?? 1);
};
const testFiles = (dir) => readdirSync(dir).filter((f) => f.endsWith('.test.mjs')).map((f) => join(dir, f));

if (step === 'check') {
  // TypeScript looks for packages upwards from the source; this says where they are instead.
  const config = JSON.parse(readFileSync(join(web, 'tsconfig.json'), 'utf8'));
  config.compilerOptions.paths = {
    'preact/hooks': [join(modules, 'preact/hooks')],
    '*': [join(modules, '*')],
  };
  config.include = [join(web, 'src')];
  const path = join(resolve(build), 'web-npm-dev', 'tsconfig.check.json');
  writeFileSync(path, JSON.stringify(config, null, 2));
  run(join(modules, 'typescript/bin/tsc'), '--noEmit', '-p', path);
} else if (step === 'unit') {
  const out = mkdtempSync(join(resolve(build), 'web-unit-'));
  process.on('exit', () => rmSync(out, { recursive: true, force: true }));
  run(join(web, 'build.mjs'), '--tests', out);
  run('--test', ...testFiles(out));
} else if (step === 'browser') {
  run('--test', '--test-concurrency=1', ...testFiles(join(web, '..', 'tests', 'browser')));
} else {
  console.error('usage: node dev/test.mjs check|unit|browser BUILD_DIR');
  process.exit(2);
}
