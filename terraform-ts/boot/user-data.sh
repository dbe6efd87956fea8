# Runs as root at the first boot of a host: installs packages, reads API_TOKEN, builds and runs the API, and reports that
# the host is ready.
# user-data.ts prepends the interpreter line and the values: REGION, SERVICE_NAME, REPOSITORY, GIT_REF,
# API_TOKEN_PARAMETER, METRICS_TOKEN_PARAMETER (can be empty), ENVIRONMENT (lines of the env file), LOG_GROUP,
# METRIC_NAMESPACE, AGENT_METRICS and SCRAPE_CONFIG (empty without METRICS=cloudwatch), and GROUP_NAME with LIFECYCLE_HOOK, or ELB_NAME.
set -euo pipefail
# Disables tracing, because a variable contains the token.
set +x
# git and docker require HOME, which cloud-init does not set.
export HOME=/root PATH="$PATH:/opt/aws/amazon-cloudwatch-agent/bin"
readonly ENV_FILE=/root/.env CLONE="/opt/$SERVICE_NAME"
readonly METRICS_TOKEN_FILE=/opt/aws/amazon-cloudwatch-agent/etc/metrics-token

say() { printf 'boot: %s\n' "$*"; }

# Requests can fail for about a minute if the role or the route is new, or if the package mirror is overloaded.
retry() {
  local attempt
  for attempt in {1..12}; do
    "$@" && return
    ((attempt == 12)) || { say "failed $attempt time(s), trying again in 10 s: $1" >&2 && sleep 10; }
  done
  return 1
}

complete_launch() {
  retry aws autoscaling complete-lifecycle-action --region "$REGION" --auto-scaling-group-name "$GROUP_NAME" \
    --lifecycle-hook-name "$LIFECYCLE_HOOK" --instance-id "$instance_id" --lifecycle-action-result "$1"
}

# If the boot fails, abandons the launch immediately instead of at the timeout of the lifecycle hook.
on_exit() {
  local status=$?
  ((status != 0)) || return 0
  say "failed with exit code $status while: $step"
  [[ -z $GROUP_NAME ]] || complete_launch ABANDON
  exit "$status"
}
# A clone does not contain a commit that is on no branch or tag. Such a commit is fetched by its id or, if the server sends
# only refs, together with all refs.
clone() {
  rm -rf "$CLONE"
  git clone --quiet --no-checkout "$REPOSITORY" "$CLONE" || return
  git -C "$CLONE" checkout --quiet "$GIT_REF" -- ||
    { { git -C "$CLONE" fetch --quiet origin "$GIT_REF" || git -C "$CLONE" fetch --quiet origin '+refs/*:refs/all/*'; } &&
      git -C "$CLONE" checkout --quiet "$GIT_REF" --; }
}

read_token() {
  local token
  token=$(retry aws ssm get-parameter --region "$REGION" --name "$1" --with-decryption --query Parameter.Value \
    --output text) || return
  if [[ -z $token || $token == *[[:space:]]* ]]; then
    say "$1 does not contain exactly one token without spaces" >&2
    return 65
  fi
  printf %s "$token"
}

step='starting' instance_id=$(cloud-init query v1.instance_id)
trap on_exit EXIT
begin() { step=$1 && say "$step"; }

begin 'installing packages'
retry dnf install -y --quiet docker git amazon-cloudwatch-agent

begin 'sending memory use and this log to CloudWatch'
install -d /opt/aws/amazon-cloudwatch-agent/etc
cat >/opt/aws/amazon-cloudwatch-agent/etc/host.json <<JSON
{
  "agent": { "metrics_collection_interval": 60 },
  "metrics": {
    "namespace": "$METRIC_NAMESPACE",
    "append_dimensions": { "InstanceId": "\${aws:InstanceId}" },
    "aggregation_dimensions": [[]],
    "metrics_collected": {
      "mem": { "measurement": ["used_percent"] },
      "procstat": [
        {
          "pattern": "^node .*server[.]js",
          "measurement": ["memory_rss"],
          "drop_original_metrics": ["memory_rss"]
        }
      ]
    }
  },
  "logs": {
    "logs_collected": {
      "files": {
        "collect_list": [
          {
            "file_path": "/var/log/cloud-init-output.log",
            "log_group_name": "$LOG_GROUP",
            "log_stream_name": "$instance_id/boot"
          }
        ]
      }
    }
  }
}
JSON
amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c file:/opt/aws/amazon-cloudwatch-agent/etc/host.json

if [[ -n $AGENT_METRICS ]]; then
  begin 'sending metrics and traces of the API to CloudWatch'
  # The agent does not start if the token file does not exist, and reads the file for each scrape.
  install -m 600 /dev/null "$METRICS_TOKEN_FILE"
  printf '%s\n' "${SCRAPE_CONFIG//INSTANCE_ID/$instance_id}" >/opt/aws/amazon-cloudwatch-agent/etc/prometheus.json
  printf '%s\n' "$AGENT_METRICS" >/opt/aws/amazon-cloudwatch-agent/etc/api.json
  amazon-cloudwatch-agent-ctl -a append-config -m ec2 -s -c file:/opt/aws/amazon-cloudwatch-agent/etc/api.json
fi

begin 'adding swap, because the build needs more than the 1 GiB of a t3.micro'
dd if=/dev/zero of=/swapfile bs=1M count=2048 status=none
chmod 600 /swapfile
mkswap /swapfile
swapon /swapfile
echo '/swapfile none swap defaults 0 0' >>/etc/fstab

begin 'starting Docker, with the logs of containers in CloudWatch'
install -d /etc/docker
# In non-blocking mode, the API does not wait for CloudWatch. `docker logs` works too, because Docker keeps a local cache.
cat >/etc/docker/daemon.json <<JSON
{
  "log-driver": "awslogs",
  "log-opts": {
    "awslogs-region": "$REGION",
    "awslogs-group": "$LOG_GROUP",
    "tag": "$instance_id/{{.Name}}/{{.ID}}",
    "mode": "non-blocking",
    "max-buffer-size": "4m"
  }
}
JSON
systemctl enable --now docker

begin "reading API_TOKEN from $API_TOKEN_PARAMETER"
token=$(read_token "$API_TOKEN_PARAMETER")
secrets=("API_TOKEN=$token")
if [[ -n $METRICS_TOKEN_PARAMETER ]]; then
  begin "reading METRICS_TOKEN from $METRICS_TOKEN_PARAMETER"
  token=$(read_token "$METRICS_TOKEN_PARAMETER")
  secrets+=("METRICS_TOKEN=$token")
  # The service accepts every token in the list, so the agent uses the first one.
  [[ -z $AGENT_METRICS ]] || printf %s "${token%%,*}" >"$METRICS_TOKEN_FILE"
fi
(umask 077 && printf '%s\n' "${secrets[@]}" AWS_BACKEND=aws "AWS_REGION=$REGION" "$ENVIRONMENT" >"$ENV_FILE")
unset token secrets

begin "cloning $REPOSITORY at $GIT_REF"
retry clone
cd "$CLONE"

begin 'building and starting the API'
scripts/builder.sh --ref "$GIT_REF" --env-file "$ENV_FILE"

if [[ -n $GROUP_NAME ]]; then
  begin "reporting to $GROUP_NAME that this host is ready"
  complete_launch CONTINUE
else
  begin "registering with $ELB_NAME"
  retry aws elb register-instances-with-load-balancer --region "$REGION" --load-balancer-name "$ELB_NAME" \
    --instances "$instance_id"
fi
say "ready after $SECONDS s"
