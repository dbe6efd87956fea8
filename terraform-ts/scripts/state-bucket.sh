#!/usr/bin/env bash
# Creates the S3 bucket BUCKET in REGION for STATE_BUCKET, or corrects the settings of an existing bucket: versioning,
# encryption, no public access, HTTPS only. Terraform locks the state with another object in the same bucket (use_lockfile), so
# no other resource is required.
set -euo pipefail
bucket=${1:?usage: state-bucket.sh BUCKET REGION} region=${2:?usage: state-bucket.sh BUCKET REGION}
api() { aws s3api "$@" --region "$region" --output json; }

if ! api head-bucket --bucket "$bucket" >/dev/null 2>&1; then
  # S3 rejects us-east-1 as a location constraint.
  location=()
  [[ $region == us-east-1 ]] || location=(--create-bucket-configuration "LocationConstraint=$region")
  # bash 3.2 treats an empty array as an unset variable.
  api create-bucket --bucket "$bucket" ${location[@]+"${location[@]}"} >/dev/null
fi
api put-public-access-block --bucket "$bucket" --public-access-block-configuration \
  BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
# With versioning, an earlier state can be restored.
api put-bucket-versioning --bucket "$bucket" --versioning-configuration Status=Enabled
api put-bucket-encryption --bucket "$bucket" --server-side-encryption-configuration \
  '{"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}'
api put-bucket-lifecycle-configuration --bucket "$bucket" --lifecycle-configuration '{"Rules": [{
  "ID": "old-versions", "Status": "Enabled", "Filter": {"Prefix": ""},
  "NoncurrentVersionExpiration": {"NoncurrentDays": 90}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}]}' >/dev/null
partition=aws
[[ $region != cn-* ]] || partition=aws-cn
[[ $region != us-gov-* ]] || partition=aws-us-gov
api put-bucket-policy --bucket "$bucket" --policy '{"Version": "2012-10-17", "Statement": [{
  "Sid": "HttpsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
  "Resource": ["arn:'$partition':s3:::'"$bucket"'", "arn:'$partition':s3:::'"$bucket"'/*"],
  "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}'
echo "Set STATE_BUCKET=$bucket, and STATE_REGION=$region if AWS_REGION is another region."
