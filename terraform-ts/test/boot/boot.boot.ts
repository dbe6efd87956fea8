import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { userData, type UserDataProps } from '../../boot/user-data';
import { Machine } from './machine';

const lab = join(__dirname, '../../../../shared/tools/docker-lab');
const token = 'c2VjcmV0LXVzZXI6c2VjcmV0LXBhc3N3b3Jk';

const group: UserDataProps = {
  region: 'eu-central-1',
  serviceName: 'elb-inventory',
  source: { repository: 'https://git.example.com/sre/elb-inventory.git', ref: 'v1.2.3' },
  tokenParameter: '/elb-inventory/api-token',
  metricsTokenParameter: undefined,
  environment: { PROTECT_LAST_IN_SERVICE: 'default-elb', DOCS: 'off' },
  logGroupName: '/elb-inventory/api',
  metricNamespace: 'elb-inventory',
  sendMetrics: false,
  ready: { groupName: 'elb-inventory', lifecycleHook: 'api-is-ready' },
};
const single: UserDataProps = { ...group, ready: { elbName: 'default-elb' } };

/** Runs the script in a container as root, with stubs for AWS and Amazon Linux that record their calls. */
describe('The first boot of a host, in a container', function () {
  this.timeout(300_000);
  let docker: NodeJS.ProcessEnv;
  before(function () {
    if (!existsSync(lab)) this.skip();
    const { status, stdout, stderr } = spawnSync(lab, ['up', 'boot'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const [, host, config, path] =
      /DOCKER_HOST=(\S+) DOCKER_CONFIG=(\S+) PATH=(\S+?):\$PATH/.exec(stdout) ?? [];
    docker = {
      ...process.env,
      DOCKER_HOST: host,
      DOCKER_CONFIG: config,
      PATH: `${path ?? ''}:${process.env['PATH'] ?? ''}`,
    };
  });
  after(() => {
    for (const machine of machines) machine.remove();
    if (existsSync(lab)) spawnSync(lab, ['down', 'boot']);
  });

  const machines: Machine[] = [];
  function boot(props: UserDataProps, ...faults: string[]): Machine {
    const machine = new Machine(docker, userData(props), token, faults);
    machines.push(machine);
    return machine;
  }

  describe('fails', () => {
    const failures: [what: string, fault: string, message: RegExp][] = [
      ['without packages', 'dnf', /failed with exit code 1 while: installing packages/],
      [
        'without a token',
        'aws ssm get-parameter',
        /while: reading API_TOKEN from \/elb-inventory\/api-token/,
      ],
      ['with an empty token', 'empty token', /does not contain exactly one token/],
      ['with a ref that does not exist', 'git', /while: cloning https:\/\/git\.example\.com.* at v1\.2\.3/],
      ['when the build fails', 'builder.sh', /while: building and starting the API/],
    ];
    for (const [what, fault, message] of failures) {
      it(`${what}, prints the step, and abandons the launch`, () => {
        const machine = boot(group, fault);
        assert.notEqual(machine.status, 0);
        assert.match(machine.output, message);
        assert.match(
          machine.calls.at(-1) ?? '',
          /^aws autoscaling complete-lifecycle-action .*--instance-id i-0123456789abcdef0 .*--lifecycle-action-result ABANDON$/,
        );
        assert.ok(!machine.calls.some((call) => call.includes('CONTINUE')));
      });
    }

    it('and does not register a single host', () => {
      const machine = boot(single, 'builder.sh');
      assert.notEqual(machine.status, 0);
      assert.ok(
        !machine.calls.some((call) => call.startsWith('aws elb') || call.startsWith('aws autoscaling')),
      );
    });
  });

  describe('in a group', () => {
    let machine: Machine;
    before(() => {
      machine = boot(group);
      assert.equal(machine.status, 0, machine.output);
    });

    it('installs Docker, git and the CloudWatch agent, and starts them', () => {
      assert.match(machine.calls.join('\n'), /^dnf install .*docker git amazon-cloudwatch-agent$/m);
      assert.match(machine.calls.join('\n'), /^systemctl enable --now docker$/m);
      assert.match(
        machine.calls.join('\n'),
        /^amazon-cloudwatch-agent-ctl -a fetch-config .* -c file:\/opt\/aws\/amazon-cloudwatch-agent\/etc\/host\.json$/m,
      );
    });

    it('writes API_TOKEN and the AWS settings into a file that only root can read', () => {
      assert.equal(
        machine.file('root/.env'),
        `API_TOKEN=${token}\nAWS_BACKEND=aws\nAWS_REGION=eu-central-1\nPROTECT_LAST_IN_SERVICE=default-elb\nDOCS=off\n`,
      );
      assert.equal(machine.mode('root/.env'), '600');
    });

    it('writes METRICS_TOKEN only if its parameter is configured', () => {
      const measured = boot({ ...group, metricsTokenParameter: '/elb-inventory/metrics-token' });
      assert.equal(measured.status, 0, measured.output);
      assert.match(
        measured.file('root/.env'),
        new RegExp(`^API_TOKEN=${token}\nMETRICS_TOKEN=${token}\nAWS_`),
      );
      assert.ok(measured.calls.some((call) => call.includes('--name /elb-inventory/metrics-token')));
      assert.ok(!measured.output.includes(token));
    });

    it('sends metrics and traces of the API with METRICS=cloudwatch only', () => {
      assert.ok(!machine.calls.some((call) => call.includes('append-config')));
      const sending = boot({
        ...group,
        metricsTokenParameter: '/elb-inventory/metrics-token',
        sendMetrics: true,
      });
      assert.equal(sending.status, 0, sending.output);
      const etc = 'opt/aws/amazon-cloudwatch-agent/etc';
      const agent = sending.calls.filter((call) => call.startsWith('amazon-cloudwatch-agent-ctl'));
      assert.deepEqual(
        agent.map((call) => call.replace(/ -m ec2 -s -c file:.*\//, ' ')),
        [
          'amazon-cloudwatch-agent-ctl -a fetch-config host.json',
          'amazon-cloudwatch-agent-ctl -a append-config api.json',
        ],
      );
      const { logs } = JSON.parse(sending.file(`${etc}/api.json`)) as Record<string, any>;
      assert.equal(logs.metrics_collected.prometheus.prometheus_config_path, `/${etc}/prometheus.json`);
      const [scrape] = (JSON.parse(sending.file(`${etc}/prometheus.json`)) as Record<string, any>)[
        'scrape_configs'
      ];
      assert.equal(scrape.job_name, 'i-0123456789abcdef0/metrics');
      assert.equal(scrape.authorization.credentials_file, `/${etc}/metrics-token`);
      assert.equal(sending.file(`${etc}/metrics-token`), token);
      assert.equal(sending.mode(`${etc}/metrics-token`), '600');
      assert.ok(!(sending.output + sending.calls.join('\n')).includes(token));
    });

    it('reads the token once, and never prints it', () => {
      const asked = machine.calls.filter((call) => call.startsWith('aws ssm'));
      assert.deepEqual(asked, [
        'aws ssm get-parameter --region eu-central-1 --name /elb-inventory/api-token --with-decryption --query Parameter.Value --output text',
      ]);
      assert.ok(!machine.output.includes(token));
      assert.ok(!machine.calls.join('\n').includes(token));
    });

    it('sends memory use by host and in total, that of the API in total, and the boot log', () => {
      const agent = JSON.parse(machine.file('opt/aws/amazon-cloudwatch-agent/etc/host.json')) as Record<
        string,
        any
      >;
      assert.equal(agent['metrics'].namespace, 'elb-inventory');
      assert.deepEqual(agent['metrics'].append_dimensions, { InstanceId: '${aws:InstanceId}' });
      assert.deepEqual(agent['metrics'].aggregation_dimensions, [[]]);
      assert.deepEqual(agent['metrics'].metrics_collected.procstat, [
        {
          pattern: '^node .*server[.]js',
          measurement: ['memory_rss'],
          drop_original_metrics: ['memory_rss'],
        },
      ]);
      const [log] = agent['logs'].logs_collected.files.collect_list;
      assert.deepEqual(
        [log.log_group_name, log.log_stream_name],
        ['/elb-inventory/api', 'i-0123456789abcdef0/boot'],
      );
    });

    it('sends container logs to the log group', () => {
      const daemon = JSON.parse(machine.file('etc/docker/daemon.json')) as Record<string, any>;
      assert.equal(daemon['log-driver'], 'awslogs');
      assert.equal(daemon['log-opts']['awslogs-group'], '/elb-inventory/api');
      assert.equal(daemon['log-opts']['awslogs-region'], 'eu-central-1');
      assert.equal(daemon['log-opts'].tag, 'i-0123456789abcdef0/{{.Name}}/{{.ID}}');
    });

    it('runs builder.sh of the configured ref in its clone, then reports ready', () => {
      const order = machine.calls.filter((call) => /^(builder|aws autoscaling)/.test(call));
      assert.deepEqual(order, [
        'builder.sh of v1.2.3 in /opt/elb-inventory: --ref v1.2.3 --env-file /root/.env',
        'aws autoscaling complete-lifecycle-action --region eu-central-1 --auto-scaling-group-name elb-inventory ' +
          '--lifecycle-hook-name api-is-ready --instance-id i-0123456789abcdef0 --lifecycle-action-result CONTINUE',
      ]);
      assert.match(machine.output, /boot: ready after \d+ s\n$/);
    });
  });

  it('registers a single host with the load balancer', () => {
    const machine = boot(single);
    assert.equal(machine.status, 0, machine.output);
    assert.equal(
      machine.calls.at(-1),
      'aws elb register-instances-with-load-balancer --region eu-central-1 --load-balancer-name default-elb --instances i-0123456789abcdef0',
    );
    assert.ok(!machine.calls.some((call) => call.startsWith('aws autoscaling')));
  });

  it('retries when AWS is not ready yet', () => {
    const machine = boot(group, 'aws ssm get-parameter twice');
    assert.equal(machine.status, 0, machine.output);
    assert.equal(machine.calls.filter((call) => call.startsWith('aws ssm')).length, 3);
    assert.equal(machine.file('root/.env').split('\n')[0], `API_TOKEN=${token}`);
  });
});
