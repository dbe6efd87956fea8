# Starts an instance refresh that moves an Auto Scaling group to a version of its launch template, and waits for the result.
# group-refresh.ts passes REFRESH (the request), GROUP, VERSION, REGION and POLL_SECONDS.
set -euo pipefail

say() { printf '%s: %s\n' "$GROUP" "$*"; }
fail() {
  say "$*" >&2
  exit 1
}
autoscaling() { aws autoscaling "$@" --region "$REGION" --output text; }
refreshes() { autoscaling describe-instance-refreshes --auto-scaling-group-name "$GROUP" --query "$@"; }

command -v aws >/dev/null || fail 'the AWS CLI is missing; install it, then apply again'

# A group can have only one refresh in progress.
readonly active='["Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress"]'
while :; do
  state=$(refreshes "InstanceRefreshes[?contains(\`$active\`, Status)] | [0].[InstanceRefreshId, Status,
    DesiredConfiguration.LaunchTemplate.Version]") ||
    fail "the state of the instance refreshes cannot be read, see above; check the credentials and permissions of the AWS CLI, then apply again"
  read -r id status version <<<"$state"
  case $status in
    Pending | InProgress | Baking)
      [[ $version != "$VERSION" ]] || break
      say "cancelling the refresh $id, which is in progress"
      # The call fails if the refresh has ended in the meantime.
      autoscaling cancel-instance-refresh --auto-scaling-group-name "$GROUP" || true
      ;;
    Cancelling | RollbackInProgress) say "waiting until the refresh $id ends: $status" ;;
    *)
      id=$(autoscaling start-instance-refresh --cli-input-json "$REFRESH" --query InstanceRefreshId) ||
        fail "the refresh cannot start, see above; the group launches the previous version; correct the cause, then apply again"
      break
      ;;
  esac
  sleep "$POLL_SECONDS"
done

say "the refresh $id replaces the hosts that do not have version $VERSION of the launch template"
failures=0 last=
while :; do
  sleep "$POLL_SECONDS"
  if ! state=$(refreshes 'InstanceRefreshes[0].[Status, PercentageComplete]' --instance-refresh-ids "$id"); then
    ((++failures < 20)) ||
      fail "the state of the refresh $id is unknown; the refresh continues; apply again to wait for it"
    continue
  fi
  failures=0
  read -r status percentage <<<"$state"
  [[ $state == "$last" ]] || say "$status, $percentage %"
  last=$state
  case $status in
    Successful) exit 0 ;;
    Failed | Cancelled | RollbackFailed | RollbackSuccessful)
      reason=$(refreshes 'InstanceRefreshes[0].StatusReason' --instance-refresh-ids "$id")
      fail "the refresh $id ended with $status: $reason; the group launches the previous version; read the boot" \
        "log of the newest host, correct the version or its settings, then apply again"
      ;;
  esac
done
