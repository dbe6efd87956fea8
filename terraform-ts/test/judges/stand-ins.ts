/** Values that AWS returns, by the end of a reference; they have the form that AWS's values have. */
const values: readonly (readonly [end: RegExp, value: string])[] = [
  [/aws_partition\.[\w-]+\.partition$/, 'aws'],
  [/aws_partition\.[\w-]+\.dns_suffix$/, 'amazonaws.com'],
  [/aws_caller_identity\.[\w-]+\.account_id$/, '123456789012'],
  [/aws_elb_service_account\.[\w-]+\.arn$/, 'arn:aws:iam::127311923021:root'],
  [/aws_s3_bucket\.[\w-]+\.arn$/, 'arn:aws:s3:::elb-inventory-elb-logs'],
  [/aws_sns_topic\.[\w-]+\.arn$/, 'arn:aws:sns:us-east-1:123456789012:elb-inventory-alarms'],
  [
    /aws_autoscaling_group\.[\w-]+\.arn$/,
    'arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:0b1c2d3e-0000-4000-8000-000000000000:autoScalingGroupName/elb-inventory',
  ],
  [
    /aws_launch_template\.[\w-]+\.arn$/,
    'arn:aws:ec2:us-east-1:123456789012:launch-template/lt-0123456789abcdef0',
  ],
  [/aws_iam_role\.[\w-]+\.arn$/, 'arn:aws:iam::123456789012:role/elb-inventory'],
  [
    /aws_cloudwatch_log_group\.[\w-]+\.arn$/,
    'arn:aws:logs:us-east-1:123456789012:log-group:/elb-inventory/api',
  ],
  [/^element\(data\.aws_availability_zones\./, 'us-east-1a'],
  [/\.(id|name|[a-z_]+)$/, 'stand-in'],
];

/** Returns the text without expressions of Terraform: with a value in place of each reference. */
export function withoutReferences(text: string): string {
  return text.replaceAll(/\$\{([^}]*)\}/g, (_, reference: string) => {
    const [, value] = values.find(([end]) => end.test(reference)) ?? [];
    if (value === undefined) throw new Error(`stand-ins.ts has no value for ${reference}; add one`);
    return value;
  });
}
