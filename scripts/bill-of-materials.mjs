import { readFileSync } from 'node:fs';

/**
 * Returns a bill of materials of the packages of these files, which are paths in node_modules, as CycloneDX 1.5
 * (https://cyclonedx.org/docs/1.5/json/). `npm sbom --omit=dev` omits packages that a development package also needs.
 */
export function billOfMaterials(files) {
  const folders = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const components = [...new Set(folders.filter(Boolean))]
    .sort()
    .map((folder) => component(`${folder}/package.json`));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: component('package.json') },
    components,
  };
}

function component(file) {
  const { name, version, license } = JSON.parse(readFileSync(file, 'utf8'));
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return { type: 'library', 'bom-ref': purl, name, version, purl, licenses: [{ expression: license }] };
}
