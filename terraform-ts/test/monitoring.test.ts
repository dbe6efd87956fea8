import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { statements, synthesize, variant, type Block, type Synthesized } from './support/synthesized';
import { variants } from './support/variants';

const operators = [
  'GreaterThanOrEqualToThreshold',
  'GreaterThanThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
];

function alarm(stack: Synthesized, id: string): Block {
  const found = stack.all('aws_cloudwatch_metric_alarm')[`monitoring/${id}`];
  assert.ok(found, `the alarm ${id} is missing`);
  return found;
}

describe('The alarms', () => {
  const common = [
    'unhealthy-host',
    'no-healthy-host',
    'surge-queue',
    'spillover',
    'backend-5xx',
    'elb-5xx',
    'backend-connection-errors',
    'latency-p95',
    'cpu',
    'api-memory',
    'memory',
    'no-data',
  ];
  const expected: [variant: string, ids: string[]][] = [
    ['default', [...common, 'status-check']],
    ['everything', [...common, 'status-check', 'unreachable']],
    ['single', [...common, 'status-check-system', 'status-check-instance']],
  ];
  for (const [name, ids] of expected) {
    it(`are complete (${name})`, () => {
      const there = Object.keys(variant(name).all('aws_cloudwatch_metric_alarm')).map((path) =>
        path.replace('monitoring/', ''),
      );
      assert.deepEqual(there.sort(), [...ids].sort());
    });
  }

  it('are in docs/observability.md once each, with all alerts of Prometheus', () => {
    const read = (path: string) => readFileSync(join(__dirname, '../..', path), 'utf8');
    const [, table = ''] =
      /\n\| CloudWatch alarm \| alert \|\n\|[-|]+\n((?:\|.*\n)+)/.exec(read('docs/observability.md')) ?? [];
    const rows = table.trimEnd().split('\n');
    const documented = (column: number) =>
      rows.flatMap((row) => (row.split('|')[column] ?? '').match(/(?<=`)[\w-]+(?=`)/g) ?? []).sort();
    assert.deepEqual(documented(1), [...new Set(expected.flatMap(([, ids]) => ids))].sort());
    const alerts = read('observability/prometheus/alerts.yml').match(/(?<=- alert: )\w+/g) ?? [];
    assert.deepEqual([...new Set(documented(2))], alerts.sort());
  });

  for (const name of Object.keys(variants)) {
    it(`are well formed, have unique names, and notify the topic at start and end (${name})`, () => {
      const names = Object.values(variant(name).all('aws_cloudwatch_metric_alarm')).map((each) => {
        assert.ok(
          operators.includes(String(each['comparison_operator'])),
          String(each['comparison_operator']),
        );
        assert.ok(['breaching', 'notBreaching'].includes(String(each['treat_missing_data'])));
        assert.ok(Number(each['datapoints_to_alarm']) <= Number(each['evaluation_periods']));
        assert.equal(typeof each['threshold'], 'number');
        const kinds = ['metric_name', 'metric_query'].filter((key) => each[key] !== undefined);
        assert.equal(kinds.length, 1, 'an alarm has one metric or one expression');
        if (each['metric_name'] !== undefined)
          assert.notEqual(
            each['statistic'] === undefined,
            each['extended_statistic'] === undefined,
            'an alarm has one statistic',
          );
        assert.match(String((each['alarm_actions'] as string[])[0]), /aws_sns_topic/);
        assert.match(String((each['ok_actions'] as string[])[0]), /aws_sns_topic/);
        assert.ok(String(each['alarm_description']).length > 40);
        return String(each['alarm_name']);
      });
      assert.equal(new Set(names).size, names.length, 'two alarms have the same name');
    });
  }

  it('fire at more than 100 waiting requests for 3 minutes', () => {
    const { metric_name, statistic, comparison_operator, threshold, period, evaluation_periods } = alarm(
      variant('default'),
      'surge-queue',
    );
    assert.deepEqual(
      [metric_name, statistic, comparison_operator, threshold, Number(period) * Number(evaluation_periods)],
      ['SurgeQueueLength', 'Maximum', 'GreaterThanThreshold', 100, 180],
    );
  });

  it('fire at any spillover, and not without data, because CloudWatch reports no zeros', () => {
    const each = alarm(variant('default'), 'spillover');
    assert.deepEqual(
      [
        each['statistic'],
        each['comparison_operator'],
        each['threshold'],
        each['datapoints_to_alarm'],
        each['treat_missing_data'],
      ],
      ['Sum', 'GreaterThanThreshold', 0, 1, 'notBreaching'],
    );
  });

  it('fire without data only for no-data and no-healthy-host', () => {
    for (const name of ['default', 'single']) {
      const firing = Object.entries(variant(name).all('aws_cloudwatch_metric_alarm'))
        .filter(([, each]) => each['treat_missing_data'] === 'breaching')
        .map(([path]) => path);
      assert.deepEqual(firing.sort(), ['monitoring/no-data', 'monitoring/no-healthy-host']);
    }
  });

  it('have the dimensions of the ELB, of the group or instance, and of the memory metric', () => {
    const dimensions = (name: string, id: string) =>
      alarm(variant(name), id)['dimensions'] as Block | undefined;
    assert.deepEqual(dimensions('default', 'no-healthy-host'), { LoadBalancerName: 'default-elb' });
    assert.deepEqual(dimensions('default', 'status-check'), { AutoScalingGroupName: 'elb-inventory' });
    assert.match(String(dimensions('single', 'status-check-system')?.['InstanceId']), /aws_instance\..*\.id/);
    assert.equal(dimensions('default', 'memory'), undefined);
    assert.equal(alarm(variant('default'), 'memory')['namespace'], 'elb-inventory');
  });

  it('compute the share of 5xx from defined metrics in one period', () => {
    const queries = alarm(variant('default'), 'backend-5xx')['metric_query'] as Block[];
    const [result, ...metrics] = queries;
    assert.equal(queries.filter((query) => query['return_data'] === true).length, 1);
    const used = [...String(result?.['expression']).matchAll(/\b[a-z]+\b/g)].map(([id]) => id);
    assert.deepEqual([...new Set(used)].sort(), metrics.map(({ id }) => String(id)).sort());
    assert.deepEqual(
      metrics.map(({ metric }) => [metric.metric_name, metric.stat, metric.period]),
      [
        ['HTTPCode_Backend_5XX', 'Sum', 60],
        ['RequestCount', 'Sum', 60],
      ],
    );
  });

  it('fire when the API uses most of one vCPU, or of the memory limit of its container', () => {
    const watched = (name: string, id: string) => {
      const [result, metric] = alarm(variant(name), id)['metric_query'] as Block[];
      return [result?.['expression'], metric?.['metric'].metric_name, alarm(variant(name), id)['threshold']];
    };
    const [expression, ...cpu] = watched('default', 'cpu');
    assert.match(String(expression), /^cpu \* \$\{data\.aws_ec2_instance_type\.[\w-]+\.default_vcpus\}$/);
    assert.deepEqual(cpu, ['CPUUtilization', 90]);
    assert.deepEqual(watched('default', 'api-memory'), ['100 * rss / 536870912', 'procstat_memory_rss', 90]);
    assert.deepEqual([watched('everything', 'cpu')[2], watched('everything', 'api-memory')[2]], [80, 75]);
  });

  it('use p95 as an extended statistic', () => {
    variant('default').has('aws_cloudwatch_metric_alarm', {
      metric_name: 'Latency',
      extended_statistic: 'p95',
      evaluate_low_sample_count_percentiles: 'ignore',
    });
  });

  it('recover or reboot a single host, but not hosts of a group', () => {
    const actions = (id: string) => (alarm(variant('single'), id)['alarm_actions'] as string[])[1];
    assert.equal(actions('status-check-system'), 'arn:aws:automate:us-east-1:ec2:recover');
    assert.equal(actions('status-check-instance'), 'arn:aws:automate:us-east-1:ec2:reboot');
    assert.equal((alarm(variant('default'), 'status-check')['alarm_actions'] as string[]).length, 1);
  });

  it('subscribe an e-mail address only if configured', () => {
    variant('default').none('aws_sns_topic_subscription');
    variant('everything').has('aws_sns_topic_subscription', {
      protocol: 'email',
      endpoint: 'sre@example.com',
    });
  });
});

describe('Failed launches and refreshes', () => {
  const pattern = (name: string) =>
    JSON.parse(String(variant(name).the('aws_cloudwatch_event_rule')['event_pattern'])) as Block;

  it('of the group reach the topic of the alarms', () => {
    for (const [name, group] of [
      ['default', 'elb-inventory'],
      ['everything', 'inventory-prod'],
    ] as const) {
      assert.deepEqual(pattern(name)['detail'], { AutoScalingGroupName: [group] });
      assert.deepEqual(pattern(name)['source'], ['aws.autoscaling']);
      for (const what of ['Launch Unsuccessful', 'Refresh Failed', 'Rollback Started', 'Rollback Failed'])
        assert.match(String(pattern(name)['detail-type']), new RegExp(`EC2 [\\w ]*${what}`));
      const target = variant(name).the('aws_cloudwatch_event_target');
      assert.match(String(target['arn']), /^\$\{aws_sns_topic\..*\.arn\}$/);
      assert.match(String(target['rule']), /^\$\{aws_cloudwatch_event_rule\..*\.name\}$/);
    }
  });

  it('do not exist for a single host', () => {
    variant('single').none('aws_cloudwatch_event_rule');
  });

  it('and alarms may be published by their services, alarms by this account only', () => {
    const [alarms, events, ...others] = statements(variant('default').the('aws_sns_topic_policy')['policy']);
    assert.deepEqual(others, []);
    for (const each of [alarms, events])
      assert.deepEqual([each?.['Effect'], each?.['Action']], ['Allow', 'sns:Publish']);
    assert.deepEqual(alarms?.['Principal'], { Service: 'cloudwatch.amazonaws.com' });
    assert.match(String(alarms['Condition'].StringEquals['aws:SourceAccount']), /aws_caller_identity/);
    assert.deepEqual(events?.['Principal'], { Service: 'events.amazonaws.com' });
    assert.equal(events['Condition'], undefined, 'EventBridge does not support conditions');
  });
});

describe('The health check from outside', () => {
  it('does not exist by default', () => {
    variant('default').none('aws_route53_health_check');
  });

  it('calls the API over HTTP by the name of the ELB, and its alarm is beside the others in us-east-1', () => {
    const stack = synthesize({ HEALTH_CHECK: 'on' });
    const check = stack.the('aws_route53_health_check');
    assert.match(String(check['fqdn']), /^\$\{aws_elb\..*\.dns_name\}$/);
    assert.deepEqual([check['type'], check['port'], check['resource_path']], ['HTTP', 80, '/healthcheck']);
    const { dimensions, region } = alarm(stack, 'unreachable');
    assert.match(String((dimensions as Block)['HealthCheckId']), /^\$\{aws_route53_health_check\..*\.id\}$/);
    assert.equal(region, undefined);
    assert.equal(Object.keys(stack.all('aws_sns_topic')).length, 1);
  });

  it('calls the API over HTTPS by DNS_NAME, and has an alarm, topic and subscription in us-east-1', () => {
    const stack = variant('everything');
    stack.has('aws_route53_health_check', { type: 'HTTPS', port: 443, fqdn: 'inventory.prod.example.com' });
    const topic = /^\$\{aws_sns_topic\.monitoring_topic-outside_/;
    assert.match(String((alarm(stack, 'unreachable')['alarm_actions'] as string[])[0]), topic);
    const there = [
      alarm(stack, 'unreachable'),
      stack.all('aws_sns_topic')['monitoring/topic-outside'],
      stack.all('aws_sns_topic_subscription')['monitoring/email-outside'],
      stack.all('aws_sns_topic_policy')['monitoring/publishers-outside'],
    ];
    for (const each of there) assert.equal(each?.['region'], 'us-east-1');
    assert.match(String(there[2]?.['topic_arn']), topic);
    const [alarms] = statements(there[3]?.['policy']);
    assert.match(JSON.stringify(alarms?.['Condition']), /:cloudwatch:us-east-1:/);
  });

  it('may reach an ELB that is not open to the internet', () => {
    const rules = (name: string) => variant(name).all('aws_vpc_security_group_ingress_rule');
    const rule = rules('everything')['security-groups/route-53-to-elb'];
    assert.match(String(rule?.['prefix_list_id']), /^\$\{data\.aws_ec2_managed_prefix_list\..*\.id\}$/);
    assert.deepEqual([rule?.['from_port'], rule?.['to_port']], [443, 443]);
    const list = Object.values(variant('everything').json.data['aws_ec2_managed_prefix_list'] ?? {});
    assert.equal(list[0]?.['name'], 'com.amazonaws.eu-central-1.route53-healthchecks');
    const open = synthesize({ HEALTH_CHECK: 'on' }).all('aws_vpc_security_group_ingress_rule');
    assert.equal(open['security-groups/route-53-to-elb'], undefined);
  });
});

describe('The dashboard', () => {
  interface Widget {
    x: number;
    y: number;
    width: number;
    height: number;
    properties: { title: string; region: string; metrics: [string, string, ...unknown[]][] };
  }
  const widgets = (stack: Synthesized) =>
    (JSON.parse(String(stack.the('aws_cloudwatch_dashboard')['dashboard_body'])) as { widgets: Widget[] })
      .widgets;

  it('shows every metric', () => {
    const shown = widgets(variant('default')).flatMap(({ properties }) =>
      properties.metrics.map(([, name, ...rest]) => `${name} ${(rest.at(-1) as { stat: string }).stat}`),
    );
    assert.deepEqual(shown, [
      'RequestCount Sum',
      'Latency p50',
      'Latency p95',
      'HealthyHostCount Maximum',
      'UnHealthyHostCount Maximum',
      'HTTPCode_ELB_4XX Sum',
      'HTTPCode_ELB_5XX Sum',
      'HTTPCode_Backend_4XX Sum',
      'HTTPCode_Backend_5XX Sum',
      'SurgeQueueLength Maximum',
      'SpilloverCount Sum',
      'BackendConnectionErrors Sum',
      'CPUUtilization Average',
      'CPUUtilization Maximum',
      'mem_used_percent Average',
      'mem_used_percent Maximum',
      'procstat_memory_rss Average',
      'procstat_memory_rss Maximum',
    ]);
  });

  it('has the ELB, hosts and region of the alarms', () => {
    for (const name of ['everything', 'single']) {
      const stack = variant(name);
      for (const { properties } of widgets(stack)) {
        assert.equal(properties.region, stack.json.provider['aws']?.[0]?.['region']);
        for (const [namespace, , dimension, value] of properties.metrics) {
          if (namespace === 'AWS/ELB')
            assert.deepEqual([dimension, value], ['LoadBalancerName', stack.the('aws_elb')['name']]);
          if (namespace === 'AWS/EC2')
            assert.deepEqual(
              { [String(dimension)]: value },
              alarm(stack, 'cpu')['metric_query'][1].metric.dimensions,
            );
        }
      }
    }
  });

  it('has charts that do not overlap', () => {
    const taken = new Set<string>();
    for (const { x, y, width, height } of widgets(variant('default'))) {
      assert.ok(x + width <= 24);
      for (let column = x; column < x + width; column++)
        for (let row = y; row < y + height; row++) {
          assert.ok(!taken.has(`${column.toString()},${row.toString()}`));
          taken.add(`${column.toString()},${row.toString()}`);
        }
    }
  });
});

describe('The container logs', () => {
  it('go to a log group with retention', () => {
    variant('default').has('aws_cloudwatch_log_group', { name: '/elb-inventory/api', retention_in_days: 30 });
    variant('everything').has('aws_cloudwatch_log_group', {
      name: '/inventory-prod/api',
      retention_in_days: 90,
    });
    assert.match(synthesize().userData, /^readonly LOG_GROUP='\/elb-inventory\/api'$/m);
  });
});
