import assert from 'node:assert/strict';
import { statements, variant } from './support/synthesized';

describe('The flow logs', () => {
  it('do not exist by default', () => {
    variant('default').none('aws_flow_log');
  });

  it('write all connections of the VPC to a log group with retention', () => {
    const stack = variant('everything');
    const flowLog = stack.the('aws_flow_log');
    assert.match(String(flowLog['vpc_id']), /^\$\{aws_vpc\./);
    assert.equal(flowLog['traffic_type'], 'ALL');
    assert.match(String(flowLog['log_destination']), /^\$\{aws_cloudwatch_log_group\.flow-logs_\w+\.arn\}$/);
    assert.match(String(flowLog['iam_role_arn']), /^\$\{aws_iam_role\.flow-logs_role_\w+\.arn\}$/);
    stack.has('aws_cloudwatch_log_group', { name: '/inventory-prod/flow-logs', retention_in_days: 90 });
  });

  it('have a role that only VPC flow logs of this account assume, and that writes to this log group only', () => {
    const stack = variant('everything');
    const [trust] = statements(stack.all('aws_iam_role')['flow-logs/role']?.['assume_role_policy']);
    assert.deepEqual(trust?.['Principal'], { Service: 'vpc-flow-logs.amazonaws.com' });
    assert.match(JSON.stringify(trust['Condition']), /"aws:SourceAccount":"\$\{data\.aws_caller_identity/);
    const [write, look, ...others] = statements(
      stack.all('aws_iam_role_policy')['flow-logs/rights']?.['policy'],
    );
    assert.deepEqual(others, []);
    assert.match(String(write?.['Resource']), /:log-group:\/inventory-prod\/flow-logs:\*$/);
    assert.deepEqual(look?.['Action'], ['logs:DescribeLogGroups']);
  });
});
