#!/usr/bin/env bash
# Deploys IMAGE (an ECR image with its digest) to the hosts of SERVICE, one by one, through SSM Run Command. Stops at the first host
# that fails. Exits with 0 only if there is at least one host and the new version runs on every host.
set -euo pipefail
: "${SERVICE:?set it to SERVICE_NAME of terraform-ts}" "${IMAGE:?set it to ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:…}"
every=${POLL_SECONDS:-10}
if [[ ! $IMAGE =~ ^[0-9]{12}\.dkr\.ecr\.[a-z0-9.-]+/[a-z0-9/._-]+@sha256:[0-9a-f]{64}$ ]]; then
  echo "IMAGE is '$IMAGE', not an image in ECR with its digest; set it to ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:…" >&2
  exit 2
fi
if [[ ! $SERVICE =~ ^[a-z][a-z0-9-]+$ ]]; then
  echo "SERVICE is '$SERVICE', not a name of lower-case letters, digits and hyphens; set it to SERVICE_NAME of terraform-ts" >&2
  exit 2
fi
# The region is the fourth label in ACCOUNT.dkr.ecr.REGION.amazonaws.com.
IFS=. read -r _ _ _ region _ <<<"${IMAGE%%/*}"

# AWS-RunShellScript runs this command as root.
script=$(
  cat <<END
set -eu
REGISTRY_PASSWORD=\$(aws ecr get-login-password --region $region)
export REGISTRY_PASSWORD
cd /opt/$SERVICE
scripts/builder.sh --pull $IMAGE --env-file /root/.env
END
)
id=$(aws ssm send-command --document-name AWS-RunShellScript --comment "${IMAGE##*@}" --targets "Key=tag:Service,Values=$SERVICE" \
  --max-concurrency 1 --max-errors 0 --query Command.CommandId --output text \
  --parameters "$(jq --null-input --arg script "$script" '{ commands: [$script], executionTimeout: ["1800"] }')")

while
  read -r status targets completed < <(aws ssm list-commands --command-id "$id" --output text \
    --query 'Commands[0].[Status, TargetCount, CompletedCount]')
  # It can take a second before AWS lists the command.
  [[ $status == None || $status == Pending || $status == InProgress ]]
do sleep "$every"; done

aws ssm list-command-invocations --command-id "$id" --details --output text \
  --query 'CommandInvocations[].[InstanceId, Status, CommandPlugins[0].Output]'
echo "$status on $completed of $targets hosts"
[[ $status == Success ]] && ((targets > 0 && completed == targets))
