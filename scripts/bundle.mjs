import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles the service and its imports into one file, and the tracer, which the service loads on demand, into tracer.mjs in the
 * same folder. Returns the results of both.
 */
export function bundleService(outfile, { plugins = [], ...options } = {}) {
  return Promise.all([
    bundle('api/server.ts', outfile, { plugins: [separateTracer, ...plugins], ...options }),
    bundle('api/telemetry/otlp-tracer.ts', join(dirname(outfile), 'tracer.mjs'), options),
  ]);
}

/** OpenTelemetry's SDK would enlarge the service and slow its start. */
const separateTracer = {
  name: 'separate-tracer',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/otlp-tracer\.ts$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: './tracer.mjs', external: true },
    );
  },
};

/** Bundles a program of the service's sources, and all that it imports, into one file. */
export function bundle(entryPoint, outfile, { plugins = [], ...options } = {}) {
  return build({
    entryPoints: [entryPoint],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // esbuild can drop unused code from ES modules: most of the AWS SDK.
    mainFields: ['module', 'main'],
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [unusedSchemas, ...plugins],
    logLevel: 'warning',
    legalComments: 'none',
    // CommonJS packages in the bundle call require() for Node's modules.
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);",
    },
    define: { BUILD_INFO: JSON.stringify({ version: versionOf(), commit: commitOf() }) },
    ...options,
  });
}

function versionOf() {
  return JSON.parse(readFileSync('package.json', 'utf8')).version;
}

/** The build of the image has no .git; it sets COMMIT. */
function commitOf() {
  if (process.env.COMMIT) return process.env.COMMIT;
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

/**
 * The schemas of EC2 are 3,300 arrays with computed keys (1.3 MB). esbuild keeps unused ones because it cannot prove that
 * they have no side effects; marking them as pure lets it drop them.
 */
const unusedSchemas = {
  name: 'unused-schemas',
  setup: ({ onLoad }) => {
    onLoad({ filter: /client-ec2[/\\]dist-es[/\\]schemas[/\\]schemas_0\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(
        /^((?:export )?var [\w$]+ = )(\[[\s\S]*?\]);$/gm,
        '$1/* @__PURE__ */ (() => $2)();',
      ),
    }));
  },
};
