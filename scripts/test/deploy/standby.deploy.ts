import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Finished,
  run,
  type Running,
  type ServerProcess,
  startServer,
} from '../../../api/test/support/process.ts';
import { type Service, startService, token } from '../../../api/test/support/service.ts';
import { hasHosts } from './engines.ts';
import { startBuilder } from './hosts.ts';
import { lanes, scenario } from './scenarios.ts';

/** `.ci/run` creates this virtual environment; MOTO_SERVER sets a different path. */
const motoCommand = process.env['MOTO_SERVER'] ?? '.test-build/moto/bin/moto_server';
const possible = hasHosts && existsSync(motoCommand) && existsSync('/usr/bin/aws');
const group = 'api-hosts';
const elbName = 'grouped-elb';

/**
 * moto emulates AWS with Auto Scaling groups. The AWS CLI from Debian calls moto in the same way as it calls AWS on an
 * operator's machine.
 */
describe('builder.sh with a host of an Auto Scaling group', function () {
  this.timeout(400_000);
  let moto: ServerProcess | undefined;
  let service: Service | undefined;
  after(async () => {
    await service?.close();
    await moto?.close();
  });
  let id: string;
  const env = (): Record<string, string> => ({
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const aws = (...args: string[]): Promise<string> =>
    run('/usr/bin/aws', ['--output', 'text', '--endpoint-url', moto?.url ?? '', ...args], env());
  /**
   * The AWS CLI from Debian accepts the endpoint only as an option. Returns a folder for PATH that contains an `aws`
   * command with that option.
   */
  const cli = (folder: string, before = ''): string => {
    const bin = mkdtempSync(join(folder, 'bin-'));
    const script = `#!/bin/bash\n${before}\nexec /usr/bin/aws --endpoint-url ${moto?.url ?? ''} "$@"\n`;
    writeFileSync(join(bin, 'aws'), script, { mode: 0o755 });
    return bin;
  };
  const start = (folder: string, bin: string, host = `host-b=${id}`, ...more: string[]): Running =>
    startBuilder(
      folder,
      [
        ...['--host', host, '--elb', elbName, '--api', service?.url ?? ''],
        ...['--healthy-for', '1', '--watch', '1', ...more],
      ],
      // The region is from the host.
      {
        ...env(),
        AWS_DEFAULT_REGION: 'eu-west-1',
        API_TOKEN: token,
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      },
    );
  const redeploy = (...args: Parameters<typeof start>): Promise<Finished> => start(...args).finished;
  const lifecycles = async (): Promise<string[]> =>
    (
      await aws(
        'autoscaling',
        'describe-auto-scaling-instances',
        '--query',
        'AutoScalingInstances[].LifecycleState',
      )
    ).split(/\s+/);

  scenario(
    lanes.hostB,
    possible,
    'puts the host into Standby during the redeploy',
    async ({ folder, metadata }) => {
      moto = await startServer(
        motoCommand,
        (port) => ['-H', '127.0.0.1', '-p', String(port)],
        '/moto-api/data.json',
      );
      service = await startService(moto.url);
      const listener = 'Protocol=HTTP,LoadBalancerPort=80,InstanceProtocol=HTTP,InstancePort=8000';
      await aws(
        'elb',
        'create-load-balancer',
        '--load-balancer-name',
        elbName,
        '--listeners',
        listener,
        '--availability-zones',
        'us-east-1a',
      );
      await aws(
        'autoscaling',
        'create-launch-configuration',
        '--launch-configuration-name',
        'hosts',
        '--image-id',
        'ami-12c6146b',
        '--instance-type',
        't3.micro',
      );
      await aws(
        'autoscaling',
        'create-auto-scaling-group',
        '--auto-scaling-group-name',
        group,
        '--launch-configuration-name',
        'hosts',
        '--min-size',
        '1',
        '--max-size',
        '3',
        '--desired-capacity',
        '2',
        '--load-balancer-names',
        elbName,
        '--availability-zones',
        'us-east-1a',
      );
      id = await aws(
        'autoscaling',
        'describe-auto-scaling-instances',
        '--query',
        'AutoScalingInstances[0].InstanceId',
      );
      metadata.instanceId = id;

      const { code, output } = await redeploy(folder, cli(folder));
      assert.equal(code, 0, output);
      assert.match(
        output,
        new RegExp(
          `${id} is in Standby in ${group}.*done: .* handles requests.*${id} is in service in ${elbName}`,
          's',
        ),
      );
      assert.deepEqual(await lifecycles(), ['InService', 'InService']);
    },
  );

  scenario(
    lanes.hostB,
    possible,
    'changes nothing when the group is at its minimum size',
    async ({ folder, hosts }) => {
      // moto allows a group below its minimum size. AWS rejects this with the following message.
      const refusal =
        'An error occurred (ValidationError) when calling the EnterStandby operation: AutoScalingGroup api-hosts has min-size=1, max-size=3, and desired-size=1. To place into standby 1 instance, please update the AutoScalingGroup sizes appropriately.';
      const before = await hosts[1]!.engine.docker('ps', '--quiet');
      const path = cli(folder, `[[ $2 != enter-standby ]] || { echo '${refusal}' >&2; exit 254; }`);
      const { code, output } = await redeploy(folder, path);
      assert.equal(code, 12, output);
      assert.match(output, /cannot enter Standby \(is api-hosts at its minimum size\?\): .*min-size=1/);
      assert.deepEqual(await lifecycles(), ['InService', 'InService']);
      assert.equal(await hosts[1]!.engine.docker('ps', '--quiet'), before);
    },
  );

  scenario(
    lanes.hostB,
    possible,
    'brings the host back when it is cut while the host enters Standby',
    async ({ folder, hosts }) => {
      const before = await hosts[1]!.engine.docker('ps', '--quiet');
      const answers = join(mkdtempSync(join(folder, 'entering-')), 'answers');
      // In moto, an instance enters Standby immediately. In AWS, this takes seconds (here, three responses).
      const bin = cli(
        folder,
        `[[ $2 != enter-standby ]] || echo 3 >${answers}
         if [[ $2 == describe-auto-scaling-instances && -s ${answers} ]]; then
           /usr/bin/aws --endpoint-url ${moto?.url ?? ''} "$@" | sed 's/Standby/EnteringStandby/'
           left=$(($(<${answers}) - 1))
           if ((left > 0)); then echo $left >${answers}; else : >${answers}; fi
           exit
         fi`,
      );
      const running = start(folder, bin);
      await running.until(
        () => existsSync(answers) && readFileSync(answers, 'utf8').startsWith('2'),
        'it enters',
      );
      const { code, output } = await running.stop();
      assert.equal(code, 143, output);
      assert.match(output, new RegExp(`${id} is in service in ${elbName}`));
      assert.deepEqual(await lifecycles(), ['InService', 'InService']);
      assert.equal(await hosts[1]!.engine.docker('ps', '--quiet'), before);
    },
  );

  scenario(
    lanes.hostB,
    possible,
    'refuses an instance that does not exist in EC2',
    async ({ folder, hosts, metadata }) => {
      metadata.instanceId = 'i-0123456789abcdef0';
      const { code, output } = await redeploy(folder, cli(folder), 'host-b');
      metadata.instanceId = hosts[1]!.instanceId;
      assert.equal(code, 14, output);
      assert.match(
        output,
        /EC2 has no instance i-0123456789abcdef0 in us-east-1; check the id, and the profile/,
      );
    },
  );

  scenario(
    lanes.hostB,
    possible,
    'takes the region from the API when the metadata service of the host has none',
    async ({ folder }) => {
      const { code, output } = await redeploy(folder, cli(folder), `host-a=${id}`, '--dry-run');
      assert.equal(code, 0, output);
      assert.match(output, new RegExp(`would take ${id} out of ${elbName} by Standby in ${group}`));
    },
  );
});
