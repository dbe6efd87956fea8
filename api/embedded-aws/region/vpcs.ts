/** The account id in the samples of the AWS documentation. */
export const ACCOUNT_ID = '123456789012';

/** The VPC of `default-elb` and `empty-elb`. */
export const MAIN_VPC = 'vpc-0a3f1c5e7b9d24680';

/** The VPC of `other-vpc-elb`. */
export const OTHER_VPC = 'vpc-1f2e3d4c';

/** A subnet. `zone` is the letter after the region name. */
export interface Subnet {
  readonly subnetId: string;
  readonly vpcId: string;
  readonly zone: string;
}

const SUBNETS: readonly Subnet[] = [
  { subnetId: 'subnet-0a11aa22bb33cc441', vpcId: MAIN_VPC, zone: 'a' },
  { subnetId: 'subnet-0b11aa22bb33cc442', vpcId: MAIN_VPC, zone: 'b' },
  { subnetId: 'subnet-0c11aa22bb33cc443', vpcId: MAIN_VPC, zone: 'c' },
  { subnetId: 'subnet-0d11aa22bb33cc444', vpcId: MAIN_VPC, zone: 'd' },
  { subnetId: 'subnet-7a5b3c1d', vpcId: OTHER_VPC, zone: 'a' },
  { subnetId: 'subnet-7b5b3c1e', vpcId: OTHER_VPC, zone: 'b' },
];

/** Returns the subnets in a VPC in these zones. */
export function subnetsOf(vpcId: string, zones: readonly string[]): readonly Subnet[] {
  return SUBNETS.filter((subnet) => subnet.vpcId === vpcId && zones.includes(subnet.zone));
}
