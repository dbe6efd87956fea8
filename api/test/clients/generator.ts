import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from '../support/process.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** `.ci/run` installs this file; OPENAPI_GENERATOR sets a different path. */
const jar =
  process.env['OPENAPI_GENERATOR'] ??
  `${root}.test-build/openapi-generator/openapi_generator_cli/openapi-generator.jar`;

/** The output folder for the clients, which git ignores. */
export const clientsFolder = `${root}.test-build/clients/`;

/**
 * Generates a client from swagger.yaml with openapi-generator, and resolves with its folder. `properties` are options
 * of the generator (`config-help -g NAME` lists them). Throws if the generator fails or prints a warning.
 */
export async function generateClient(generator: string, properties: Record<string, string>): Promise<string> {
  assert.ok(
    existsSync(jar),
    `there is no openapi-generator at ${jar}; install it with: python3 -m pip install --target .test-build/openapi-generator openapi-generator-cli==7.26.0`,
  );
  const folder = clientsFolder + generator;
  rmSync(folder, { recursive: true, force: true });
  const options = Object.entries(properties).map(([name, value]) => `${name}=${value}`);
  const output = await run('java', [
    // In a run that takes only a few seconds, the optimizing compiler and the parallel garbage collector cost more time
    // than they save.
    ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-jar', jar],
    ...['generate', '-g', generator, '-i', `${root}swagger.yaml`, '-o', folder],
    ...['--additional-properties', options.join(',')],
    ...[
      '--global-property',
      'apis,models,supportingFiles,apiDocs=false,modelDocs=false,apiTests=false,modelTests=false',
    ],
  ]);
  const warnings = output.split('\n').filter((line) => / (WARN|ERROR) /.test(line));
  assert.deepEqual(warnings, []);
  return folder;
}
