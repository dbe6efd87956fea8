import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { variant } from '../support/synthesized';
import { variants } from '../support/variants';
import { withoutReferences } from './stand-ins';
import { judge, scratch } from './tools';

interface Finding {
  readonly issue: string;
  readonly title: string;
  readonly detail: unknown;
  readonly location: { readonly filepath: string };
}

const policyArguments = ['policy', 'assume_role_policy', 'access_policy', 'policy_document'];

/** Policies that operators copy. */
const documents = [
  'iam-policy.json',
  'examples/github/deploy-policy.json',
  'examples/github/trust-policy.json',
];

/** Returns the policies in the JSON of a variant, by the path of their argument. */
function policies(name: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [type, named] of Object.entries(variant(name).json.resource))
    for (const [id, block] of Object.entries(named))
      for (const argument of policyArguments)
        if (typeof block[argument] === 'string' && block[argument].startsWith('{'))
          found.set(`${type}.${id}.${argument}`, block[argument]);
  return found;
}

/** Findings that are not errors: the kind, the file, the detail, and the reason. */
const exceptions = [
  [
    'MALFORMED',
    /\.assume_role_policy|trust-policy/,
    /neither Resource nor NotResource/,
    'The role is the resource.',
  ],
  [
    'UNKNOWN_FEDERATION_SOURCE',
    /trust-policy/,
    /token\.actions\.githubusercontent\.com/,
    'parliament knows no OIDC.',
  ],
  [
    'RESOURCE_MISMATCH',
    /deploy-policy/,
    /ssm:SendCommand/,
    'AWS checks the document and the instances each for themselves, and its documents have no account (Systems Manager user guide, Run Command).',
  ],
] as const;

function excepted({ issue, detail, location }: Finding): boolean {
  return exceptions.some(
    ([kind, file, what]) =>
      kind === issue && file.test(location.filepath) && what.test(JSON.stringify(detail)),
  );
}

/** Policies with one error each, and the expected finding. */
const mutants: Record<string, [change: (policy: string) => string, expected: string]> = {
  'an unknown action': [
    (policy) => policy.replace('ssm:GetParameter', 'ssm:FetchParameter'),
    'UNKNOWN_ACTION',
  ],
  'a resource of another service': [
    (policy) => policy.replace(/arn:[^"]*:parameter\/[^"]*/, 'arn:aws:s3:::bucket'),
    'RESOURCE_MISMATCH',
  ],
  'an unknown condition': [
    (policy) => policy.replace('cloudwatch:namespace', 'cloudwatch:namespaces'),
    'UNKNOWN_CONDITION_FOR_ACTION',
  ],
};

describe('IAM policies, by parliament', function () {
  this.timeout(300_000);
  let findings: readonly Finding[];

  before(async function () {
    const folder = scratch();
    const write = (name: string, path: string, text: string) => {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, `${path}.json`), text);
    };
    for (const name of Object.keys(variants))
      for (const [path, policy] of policies(name)) write(name, path, withoutReferences(policy));
    for (const document of documents) {
      const text = readFileSync(join(__dirname, '../../../docs', document), 'utf8');
      write(
        'docs',
        basename(document, '.json'),
        text.replace('REGION', 'us-east-1').replace('ACCOUNT', '123456789012'),
      );
    }
    const rights =
      [...policies('default')].find(([path]) => path.startsWith('aws_iam_role_policy.'))?.[1] ?? '';
    for (const [fault, [change]] of Object.entries(mutants))
      write(fault, 'mutant', change(withoutReferences(rights)));
    const lines = await judge(this, 'parliament', ['--directory', folder, '--json']);
    findings = lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Finding);
  });

  const of = (name: string) =>
    findings
      .filter(({ location }) => location.filepath.includes(`/${name}/`))
      .filter((finding) => !excepted(finding))
      .map(
        ({ issue, title, detail, location }) =>
          `${issue} ${location.filepath}: ${title} ${JSON.stringify(detail)}`,
      );

  for (const name of Object.keys(variants)) {
    it(`have no finding (${name})`, () => {
      const types = [...policies(name).keys()].map((path) => path.split('.')[0]);
      assert.ok(types.includes('aws_iam_role') && types.includes('aws_iam_role_policy'), types.join());
      assert.deepEqual(of(name), []);
    });
  }

  it('have no finding (docs)', () => {
    assert.deepEqual(of('docs'), []);
  });

  for (const [fault, [, expected]] of Object.entries(mutants)) {
    it(`are refused with ${fault}`, () => {
      assert.match(of(fault).join('\n'), new RegExp(`^${expected} `, 'm'));
    });
  }
});
