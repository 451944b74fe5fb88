// Builds the pages into one directory, minified: index.html, app.js, app.css of `gantry up`; scaler.html, scaler.js,
// scaler.css of `gantry scaler`; controller.html, controller.js, controller.css of `gantry controller`.
//
//   node build.mjs [--out DIR]      the pages (default: dist)
//   node build.mjs --tests DIR      the unit tests, bundled for `node --test` (Node 18 cannot run TypeScript itself)
//
// GANTRY_NODE_MODULES names the node_modules to use when they are not beside this file (CMake keeps them in the build
// tree, so that a build writes nothing into the sources).
import { createRequire } from 'node:module';
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const modules = resolve(process.env.GANTRY_NODE_MODULES ?? join(here, 'node_modules'));
const esbuild = createRequire(join(modules, 'anchor.js'))('esbuild');

const option = (name) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};

const common = {
  absWorkingDir: here,
  nodePaths: [modules],
  bundle: true,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'warning',
};

const tests = option('--tests');
if (tests) {
  const out = resolve(tests);
  rmSync(out, { recursive: true, force: true });
  await esbuild.build({
    ...common,
    entryPoints: readdirSync(join(here, 'test')).filter((f) => f.endsWith('.test.ts')).map((f) => join(here, 'test', f)),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    platform: 'node',
    target: 'node18',
    sourcemap: 'inline',
  });
} else {
  const out = resolve(option('--out') ?? join(here, 'dist'));
  mkdirSync(out, { recursive: true });
  await esbuild.build({
    ...common,
    entryPoints: { app: 'src/main.tsx', scaler: 'src/scaler/main.tsx', controller: 'src/controller/main.tsx' },
    outdir: out,
    format: 'iife',
    target: ['chrome109', 'firefox115', 'safari16'],
    minify: true,
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  for (const files of [['index.html', 'app.js', 'app.css'], ['scaler.html', 'scaler.js', 'scaler.css'], ['controller.html', 'controller.js', 'controller.css']]) {
    copyFileSync(join(here, files[0]), join(out, files[0]));
    const bytes = files.reduce((sum, f) => sum + statSync(join(out, f)).size, 0);
    if (bytes > 150_000) {
      console.error(`web: the page ${files[0]} is ${bytes} bytes, more than the 150000 allowed`);
      process.exit(1);
    }
  }
}
