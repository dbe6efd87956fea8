/**
 * Returns the pattern for the events about failed launches and refreshes of a group (EC2 Auto Scaling user guide,
 * "Amazon EC2 Auto Scaling event reference" and "Instance refresh example events and patterns").
 */
export function failuresOf(groupName: string): object {
  return {
    source: ['aws.autoscaling'],
    'detail-type': [
      'EC2 Instance Launch Unsuccessful',
      'EC2 Auto Scaling Instance Refresh Failed',
      'EC2 Auto Scaling Instance Refresh Rollback Started',
      'EC2 Auto Scaling Instance Refresh Rollback Succeeded',
      'EC2 Auto Scaling Instance Refresh Rollback Failed',
    ],
    detail: { AutoScalingGroupName: [groupName] },
  };
}
