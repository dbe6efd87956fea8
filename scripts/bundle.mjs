import { build } from 'esbuild';

/** Bundles the service and all that it imports into one file. */
export function bundleService(outfile, options = {}) {
  return build({
    entryPoints: ['api/server.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // The ES modules of a package let esbuild leave out what is not used: most of the AWS SDK.
    mainFields: ['module', 'main'],
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
    legalComments: 'none',
    // CommonJS packages in the bundle call require() for Node's own modules.
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);",
    },
    ...options,
  });
}
