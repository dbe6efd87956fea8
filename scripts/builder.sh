#!/usr/bin/env bash
# Redeploys the service without losing a request: here, or on hosts over SSH. See --help.
# It is one file, so that it can be copied to a host or piped to its `bash -s`, which is what --host does. What runs on
# the operator's machine keeps to bash 3.2, which macOS has. docs/adr/0001 says why hosts are replaced in this way.
# shellcheck disable=SC2317  # "unreachable": traps and wait_until call by name
set -euo pipefail

usage() {
  cat <<'END'
Usage: builder.sh [options]                       on the host itself
       builder.sh --host [USER@]HOST[=i-…] …      from anywhere, over SSH, host by host

Common calls:
  ./builder.sh                                    the main branch, on this host
  ./builder.sh --ref v1.4.0                       a tag, a branch or a full commit id
  ./builder.sh --rollback                         the version before; once more, and back again
  ./builder.sh --host ec2-user@10.0.1.7 --host ec2-user@10.0.2.9
  ./builder.sh --host ec2-user@10.0.1.7 --image   built here, for a host that cannot build
  API_TOKEN=… ./builder.sh --host ec2-user@10.0.1.7=i-0a… --elb default-elb --api http://ELB

What to deploy:
  --ref REF            what to fetch (default: the repository's main branch)
  --repo URL           where from (default: $REPO_URL, else origin of the clone that this script lies in)
  --image              build here and send the image, instead of building on the host
  --built COMMIT       take the image elb-inventory:COMMIT that the host has
  --rollback           the image of the version before
Where:
  --host [USER@]HOST[=i-…]  may be repeated; they are done one after the other, up to the first that fails
  --ssh COMMAND        how to reach hosts (default: ssh), for example 'ssh -p 2222 -i key.pem'
  --env-file FILE      on the host: its settings (default: $ENV_FILE, else /root/.env)
Through the load balancer, which takes each host out before and back in after:
  --elb NAME           the load balancer
  --api URL            this service, as it manages it; $API_TOKEN is sent, or on the host that of the env file
  --no-standby         no host is in an autoscaling group: do not ask the AWS CLI (see docs/adr/0002)
How:
  --healthy-for SECONDS  how long a new version must be healthy on end before it is let at the port (default: 10)
  --timeout SECONDS      by when it must have been (default: 60)
  --elb-timeout SECONDS  for the load balancer, to drain a host and to take it back (default: 600)
  --dry-run              say what would be done, and do nothing
  --help

Exit codes:
  0 done                          8 the port is held by another program
  1 the new version was not healthy, or failed to start; it was removed, and the old one keeps serving
  2 wrong options                 9 another run is under way on the host
  3 no Docker                    10 the image could not be built, or sent
  4 no SSH, or it was cut        11 it is the last healthy host: not drained
  5 unknown ref or repository    12 the API, the load balancer or the autoscaling group did not do as asked
  6 env file missing, without API_TOKEN or with faults   13 there is no version before (or no such --built)
  7 disk full                    14 the instance id is unknown
END
}

name='elb-inventory'
candidate=$name-candidate
old=$name-old

hosts=() ref='' repo=${REPO_URL:-} env_file='' elb='' api='' built='' ssh_command=ssh
send_image=false rollback=false dry_run=false standby=true
timeout=60 healthy_for=10 elb_timeout=600
secrets=() init=(--init)
where=${BUILDER_WHERE:-} work='' switching=false locked=false out_of_elb='' asg=''

step() { printf '%s%4d s  %s\n' "$where" "$SECONDS" "$*" || true; }

# die CODE SENTENCE
die() {
  printf '%sbuilder.sh: %s\n' "$where" "$2" >&2 || true
  exit "$1"
}

# fail LOG CODE SENTENCE: as die, after the end of a log; a full disk has a code of its own, whoever met it.
fail() {
  tail -n 20 "$1" | sed "s/^/$where     | /" >&2 || true
  if grep -qi 'no space left on device' "$1" || [[ -z $(df -Pk "$work" | awk 'NR == 2 && $4 >= 100') ]]; then
    die 7 "the disk is full: make room (docker system df tells what Docker holds), then run this again"
  fi
  die "$2" "$3"
}

# The lock is not to outlive this script in a program that it started.
docker() { command docker "$@" 9>&-; }

on_exit() {
  local code=$?
  trap - EXIT
  trap '' HUP INT PIPE TERM
  set +e
  if $locked && ! $switching; then discard "$candidate"; fi
  if [[ -n $out_of_elb ]]; then (rejoin "$out_of_elb"); fi
  [[ -z $work ]] || rm -rf "$work"
  exit "$code"
}

parse() {
  while (($# > 0)); do
    case $1 in
    --help) usage && exit ;;
    --image) send_image=true ;;
    --rollback) rollback=true ;;
    --dry-run) dry_run=true ;;
    --no-standby) standby=false ;;
    --host | --ref | --repo | --env-file | --elb | --api | --built | --ssh | --timeout | --healthy-for | --elb-timeout)
      [[ -n ${2:-} ]] || die 2 "$1 needs a value: see --help"
      case $1 in
      --host) hosts+=("$2") ;;
      --ref) ref=$2 ;;
      --repo) repo=$2 ;;
      --env-file) env_file=$2 ;;
      --elb) elb=$2 ;;
      --api) api=${2%/} ;;
      --built) built=$2 ;;
      --ssh) ssh_command=$2 ;;
      --timeout) timeout=$2 ;;
      --healthy-for) healthy_for=$2 ;;
      --elb-timeout) elb_timeout=$2 ;;
      esac
      shift
      ;;
    *) die 2 "$1 is no option: see --help" ;;
    esac
    shift
  done
  check_options
}

check_options() {
  local number host
  for number in "$timeout" "$healthy_for" "$elb_timeout"; do
    [[ $number =~ ^[0-9]{1,5}$ ]] || die 2 "'$number' is no whole number of seconds: see --help"
  done
  ((healthy_for < timeout)) || die 2 "--healthy-for $healthy_for must be less than --timeout $timeout"
  for host in ${hosts[@]+"${hosts[@]}"}; do
    [[ $host =~ ^[A-Za-z0-9_][A-Za-z0-9_.@:-]*(=i-[0-9a-f]{8,17})?$ ]] || die 2 "--host '$host' is not [USER@]HOST[=i-…]"
  done
  [[ $ref != -* && $repo != -* ]] || die 2 "--ref and --repo must not begin with a dash"
  [[ -z $elb || $elb =~ ^[A-Za-z0-9-]{1,32}$ ]] || die 2 "--elb '$elb' is no name of a load balancer"
  [[ -z $elb && -z $api || -n $elb && $api =~ ^https?:// ]] || die 2 "--elb NAME and --api http(s)://… belong together"
  [[ -z $built || $built =~ ^[0-9a-f]{40}$ ]] || die 2 "--built takes a commit id of 40 digits, not '$built'"
  ! $rollback || [[ -z $ref$built ]] || die 2 "--rollback goes with neither --ref nor --built: it takes the version before"
  ! $send_image || ! $rollback || die 2 "--rollback takes the image that the host has: leave --image out"
  ! $send_image || ((${#hosts[@]} > 0)) || die 2 "--image sends to a host: give --host"
}

# --- the image ---------------------------------------------------------------------------------------------------------

need_docker() {
  type -P docker >/dev/null || die 3 "there is no docker here: install Docker (Amazon Linux: dnf install docker)"
  command docker version >"$work/docker.log" 2>&1 ||
    die 3 "Docker does not answer: start it (systemctl start docker), and run this as root or in the group docker"
  # Some engines are installed without docker-init, and start nothing with --init.
  if [[ $(docker info --format '{{.InitCommit.ID}}' 2>/dev/null) == N/A ]]; then init=(); fi
}

# Sets `commit`, and lays its files in $work/source.
fetch() {
  if [[ -z $repo ]]; then
    repo=$(git -C "$(dirname "${BASH_SOURCE[0]:-.}")" remote get-url origin 2>/dev/null) ||
      die 5 "no repository is known: give --repo URL, or run this from a clone that has an origin"
  fi
  local git=(git --git-dir "$work/repository")
  export GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND="${GIT_SSH_COMMAND:-ssh -o BatchMode=yes}"
  command -v git >/dev/null || die 5 "there is no git here: install it, or send the image with --image"
  "${git[@]}" init -q --bare >"$work/git.log" 2>&1 || fail "$work/git.log" 5 "git cannot write to $work"
  if ! "${git[@]}" fetch -q --depth 1 "$repo" "${ref:-HEAD}" >"$work/git.log" 2>&1; then
    if grep -qE "couldn't find remote ref|not our ref" "$work/git.log"; then
      die 5 "$repo has no branch, tag or full commit id '$ref'"
    fi
    fail "$work/git.log" 5 "nothing can be fetched from $repo: check the address and this machine's access"
  fi
  commit=$("${git[@]}" rev-parse 'FETCH_HEAD^{commit}')
  mkdir "$work/source"
  "${git[@]}" archive "$commit" 2>"$work/git.log" | tar -x -C "$work/source" 2>>"$work/git.log" ||
    fail "$work/git.log" 5 "the files of $commit cannot be laid out in $work"
  step "fetched ${ref:-the main branch} of $repo: ${commit:0:12}"
}

# build [PLATFORM]: makes elb-inventory:$commit of $work/source, unless it is there.
build() {
  if image_of "$commit" >/dev/null; then
    step "the image of ${commit:0:12} is there"
    return
  fi
  local version
  version=$(sed -nE 's/^  "version": "([^"]+)",?$/\1/p' "$work/source/package.json")
  # The host's own network: a build needs no bridge, and an engine may have none.
  docker build --network host ${1:+--platform "$1"} --build-arg COMMIT="$commit" --build-arg VERSION="$version" \
    --tag "$name:$commit" "$work/source" >"$work/build.log" 2>&1 ||
    fail "$work/build.log" 10 "the image of ${commit:0:12} could not be built; the old version keeps serving"
  step "built $name:${commit:0:12}"
}

image_of() { docker image inspect --format '{{.Id}}' "$name:$1" 2>/dev/null; }

# Sets `commit` and `image`.
obtain_image() {
  if $rollback; then
    image=$(image_of previous) || die 13 "there is no version before on this host: deploy one with --ref"
    commit=$(docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.revision"}}' "$image")
    return
  fi
  if [[ -n $built ]]; then commit=$built; else fetch && build; fi
  image=$(image_of "$commit") || die 13 "this host has no image $name:$commit: deploy it with --ref"
}

# The tags current, previous and older are the host's history of versions: what is rolled back to, and what stays.
remember() {
  local tag id kept=("$image") names=(current previous older) i
  for tag in "${names[@]}"; do
    id=$(image_of "$tag") || continue
    [[ " ${kept[*]} " == *" $id "* ]] || kept+=("$id")
  done
  for i in 0 1 2; do
    if [[ -n ${kept[i]:-} ]]; then docker tag "${kept[i]}" "$name:${names[i]}"; fi
  done
  local repository digest removed=0
  while read -r repository tag digest; do
    [[ $tag =~ ^[0-9a-f]{40}$ && " ${kept[*]:0:3} " != *" $digest "* ]] || continue
    if docker rmi "$repository:$tag" >/dev/null 2>&1; then removed=$((removed + 1)); fi
  done < <(docker images --no-trunc --format '{{.Repository}} {{.Tag}} {{.ID}}' "$name")
  docker image prune --force --filter label=org.opencontainers.image.title=$name >/dev/null 2>&1 || true
  docker builder prune --force --filter until=168h >/dev/null 2>&1 || true
  step "kept the last three versions, removed $removed"
}

# --- the container -----------------------------------------------------------------------------------------------------

# As docker reads it, which strips a byte order mark, CR and blanks before a name.
setting() { sed -E $'1s/^\xef\xbb\xbf//; s/\r$//' "$env_file" | sed -nE "s/^[[:space:]]*$1=(.+)$/\1/p" | tail -n 1; }

# The token that this host's service takes, from the env file or the file that it names.
token_here() {
  local file
  file=$(setting API_TOKEN_FILE)
  if [[ -n $file ]]; then head -n 1 "$file" | tr -d '\r'; else setting API_TOKEN; fi
}

need_env_file() {
  env_file=${env_file:-${ENV_FILE:-/root/.env}}
  [[ -r $env_file && -f $env_file ]] ||
    die 6 "$env_file is missing or may not be read: copy .env.example there and set API_TOKEN, or give --env-file"
  [[ -n $(setting API_TOKEN)$(setting API_TOKEN_FILE) ]] ||
    die 6 "$env_file has no API_TOKEN: set it to the base64 of user:password, or API_TOKEN_FILE to a file that has it"
  local file
  file=$(setting API_TOKEN_FILE)
  [[ -z $file ]] || secrets=(--volume "$file:$file:ro")
}

exists() { docker container inspect "$1" >/dev/null 2>&1; }
running() { [[ $(docker container inspect --format '{{.State.Running}}' "$1" 2>/dev/null) == true ]]; }
ask() { docker exec "$candidate" node ask.mjs "$@"; }

# Closes it gently if it runs, and removes it with its volume.
discard() {
  exists "$1" || return 0
  docker stop --time 20 "$1" >/dev/null && docker rm --force --volumes "$1" >/dev/null
}

lock() {
  local file
  file=/tmp/$name-builder-$(docker info --format '{{.ID}}' | tr -cd 'A-Za-z0-9-').lock
  # Read access is enough to lock, and whoever made the file, the next one may be another user.
  : 2>/dev/null >>"$file" || true
  exec 9<"$file"
  flock --nonblock 9 || die 9 "another run is under way on this host: wait for it to end, then run this again"
  locked=true
}

# Tidies up after a run that was cut: whatever was left, one version serves afterwards, under its own name.
mend() {
  if ! exists "$name" && exists "$old"; then
    if running "$candidate"; then docker rename "$candidate" "$name"; else docker rename "$old" "$name"; fi
  fi
  discard "$candidate"
  if exists "$old"; then
    if running "$name"; then discard "$old"; else discard "$name" && docker rename "$old" "$name"; fi
    step 'tidied up after a run that was cut'
  fi
}

need_port() {
  local host port
  host=$(setting HOST) port=$(setting PORT)
  case $host in '' | 0.0.0.0) host=127.0.0.1 ;; ::) host=::1 ;; esac
  running "$name" && return
  if timeout 2 bash -c ": <>/dev/tcp/$host/${port:-8000}" 2>/dev/null; then
    die 8 "port ${port:-8000} is held by another program (ss -ltnp shows it): stop that, or set PORT in $env_file"
  fi
}

# The new image reads the env file by its own rules; images from before it could are not asked.
check_env() {
  [[ $(docker image inspect --format '{{index .Config.Labels "elb-inventory.check-env"}}' "$image") == true ]] || return 0
  docker run --rm --interactive ${init[@]+"${init[@]}"} --network none --read-only --cap-drop ALL --security-opt no-new-privileges \
    ${secrets[@]+"${secrets[@]}"} "$image" node server.js --check-env - <"$env_file" >"$work/env.log" 2>&1 ||
    fail "$work/env.log" 6 "${commit:0:12} cannot start with $env_file, see above: mend it; nothing was changed"
  sed "s/^/$where     | /" "$work/env.log"
}

# share_port_with CONTAINER: gives the listening sockets of the old version to the user of the new one, as SO_REUSEPORT
# is for sockets of one user. The owner of a socket is that of its inode (sockfs_setattr in the kernel's net/socket.c).
share_port_with() {
  local from to socket process
  from=$(container_uid "$1") to=$(container_uid "$candidate")
  [[ -n $from && $from != "$to" ]] || return 0
  for process in $(docker top "$1" -eo pid | awk 'NR > 1'); do
    for socket in /proc/"$process"/fd/*; do
      [[ $(readlink "$socket" 2>/dev/null) != socket:* ]] || chown "$to" "$socket" 2>/dev/null || true
    done
  done
  step "the old version runs as user $from, the new one as $to: they share the port"
}
# Docker needs the pid in what ps prints.
container_uid() { docker top "$1" -eo pid,uid 2>/dev/null | awk 'END { print $2 }'; }

start_candidate() {
  local logs=()
  [[ $(docker info --format '{{.LoggingDriver}}') != json-file ]] || logs=(--log-opt max-size=10m --log-opt max-file=5)
  # It gets a restart policy once it is judged; an engine that restarts meanwhile brings back the old one alone.
  docker run --detach --name "$candidate" --network host --env-file "$env_file" \
    --env REUSE_PORT=on --env CONTROL_SOCKET=/run/elb-inventory/control.sock --volume /run/elb-inventory ${secrets[@]+"${secrets[@]}"} \
    ${init[@]+"${init[@]}"} --read-only --cap-drop ALL --security-opt no-new-privileges --stop-timeout 20 ${logs[@]+"${logs[@]}"} \
    "$name:$commit" >"$work/run.log" 2>&1 || fail "$work/run.log" 1 "the new version could not be started; nothing was changed"
  step "started ${commit:0:12} on its control socket alone"
}

# Returns once the candidate was healthy for so many seconds on end. Whatever does not get there is removed by on_exit.
judge() {
  local deadline=$((SECONDS + timeout)) since='' reason="was not healthy for $healthy_for s on end within $timeout s"
  while ((SECONDS < deadline)); do
    if ! running "$candidate"; then
      reason="ended with exit code $(docker container inspect --format '{{.State.ExitCode}}' "$candidate")"
      break
    fi
    if ask GET /healthcheck >/dev/null 2>&1; then
      [[ -n $since ]] || step 'it is healthy'
      since=${since:-$SECONDS}
      if ((SECONDS - since >= healthy_for)); then
        step "it was healthy for $healthy_for s on end"
        return
      fi
    else
      since=''
    fi
    sleep 0.5
  done
  docker logs --tail 20 "$candidate" >"$work/judged.log" 2>&1 || true
  local serving='and nothing served before'
  if running "$name"; then serving='the old version keeps serving'; fi
  fail "$work/judged.log" 1 "${commit:0:12} $reason: it is removed, $serving; the end of its log is above"
}

# From the open port on, the new version stays, whoever hangs up: half way there is no way back that is shorter.
switch_over() {
  # With this, connections that wait at a listener which closes go to another on the same port, instead of being reset.
  sysctl -qw net.ipv4.tcp_migrate_req=1 2>/dev/null ||
    step 'net.ipv4.tcp_migrate_req is not set, as that takes root: a connection may be lost at this moment'
  trap '' HUP INT PIPE TERM
  local answer
  if exists "$name"; then share_port_with "$name"; fi
  answer=$(ask POST /open-port 2>&1) || die 8 "the new version cannot open the port, and is removed: $answer"
  switching=true
  docker update --restart unless-stopped "$candidate" >/dev/null
  if exists "$name"; then docker rename "$name" "$old"; fi
  docker rename "$candidate" "$name"
  step "${commit:0:12} has opened the port"
  if exists "$old"; then
    discard "$old"
    step 'the old version has answered what it had, and is gone'
  fi
}

replace_here() {
  need_env_file
  need_docker
  if $dry_run; then
    step "would fetch ${ref:-the main branch} of ${repo:-origin} and build it, or take the image that is there (--rollback, --built)"
    step "would start it with $env_file beside $(running $name && echo 'the old version' || echo 'nothing'), judge it for $healthy_for s, let it at the port, and stop the old one"
    step 'would keep the last three versions'
    return
  fi
  lock
  mend
  need_port
  obtain_image
  check_env
  start_candidate
  judge
  switch_over
  remember
  step "done: ${commit:0:12} serves"
}

# --- over SSH ----------------------------------------------------------------------------------------------------------

remote() {
  local host=$1
  shift
  # Words of $ssh_command are options of ssh.
  # shellcheck disable=SC2086
  $ssh_command -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 "$host" "$@"
}

# as_root COMMAND: a command line for the host that becomes root where it may without a password.
as_root() {
  printf "if [ \"\$(id -u)\" != 0 ] && sudo -n true 2>/dev/null; then exec sudo -n %s; else exec %s; fi" "$1" "$1"
}

need_ssh() {
  [[ -n ${BASH_SOURCE[0]:-} && -r ${BASH_SOURCE[0]} ]] || die 2 "--host needs this script as a file: save it first"
  remote "$1" true 2>"$work/ssh.log" </dev/null ||
    fail "$work/ssh.log" 4 "$1 cannot be reached over SSH: try '$ssh_command $1 true', and see that key and host key are known"
}

# Builds the image of the ref for the host's kind of machine, and sends it unless the host has it.
send_image() {
  local host=$1 platform sent
  platform=linux/$(remote "$host" "$(as_root "docker version --format '{{.Server.Arch}}'")" 2>/dev/null </dev/null) ||
    die 3 "Docker does not answer on $host: install or start it there"
  if [[ -z ${commit:-} ]]; then fetch; fi
  build "$platform"
  sent=$(image_of "$commit")
  if remote "$host" "$(as_root "docker image inspect --format '{{.Id}}' $name:$commit")" 2>/dev/null </dev/null | grep -qx "$sent"; then
    step "$host has the image of ${commit:0:12}"
    return
  fi
  docker save "$name:$commit" | gzip -1 | remote "$host" "$(as_root 'docker load')" >"$work/load.log" 2>&1 ||
    fail "$work/load.log" 10 "the image could not be sent to $host"
  step "sent the image of ${commit:0:12} to $host"
}

replace_on() {
  local host=$1 code=0 arguments=(--timeout "$timeout" --healthy-for "$healthy_for")
  [[ -z $env_file ]] || arguments+=(--env-file "$env_file")
  if $rollback; then
    arguments+=(--rollback)
  elif $send_image; then
    $dry_run || send_image "$host"
    arguments+=(--built "${commit:-0000000000000000000000000000000000000000}")
  elif [[ -n $built ]]; then
    arguments+=(--built "$built")
  else
    [[ -z $ref ]] || arguments+=(--ref "$ref")
    [[ -z $repo ]] || arguments+=(--repo "$repo")
  fi
  if $dry_run; then arguments+=(--dry-run); fi
  remote "$host" "$(as_root "env BUILDER_WHERE=$(printf %q "$where") bash -s -- $(printf '%q ' "${arguments[@]}")")" <"${BASH_SOURCE[0]}" || code=$?
  # 255 is ssh's own; above 128, it was ended by a signal here, or the script was there.
  ((code <= 128)) || die 4 "the connection to $host was cut: run this again, which completes what was begun"
  ((code == 0)) || die "$code" "$host was not redeployed (exit code $code, see above); hosts after it were left as they are"
}

# --- through the load balancer -----------------------------------------------------------------------------------------

# The host's own answer, without a word over the network but to its metadata service.
ask_metadata() {
  local base=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254} token
  token=$(curl -sSf --connect-timeout 2 --max-time 10 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$base/latest/api/token") &&
    curl -sSf --max-time 10 -H "X-aws-ec2-metadata-token: $token" "$base/latest/meta-data/instance-id"
}

# instance_of HOST, or instance_of '' for this one.
instance_of() {
  local id
  case $1 in
  *=*) id=${1#*=} ;;
  '') id=$(ask_metadata 2>/dev/null) || true ;;
  *) id=$({ declare -f ask_metadata && echo ask_metadata; } | remote "$1" 'bash -s' 2>/dev/null) || true ;;
  esac
  [[ $id =~ ^i-[0-9a-f]{8,17}$ ]] ||
    die 14 "the instance id of ${1:-this host} is unknown, its metadata service tells none: give --host HOST=i-…"
  printf '%s' "$id"
}

# call METHOD PATH [BODY]: sets `status` and `answer`. The token goes by standard input: arguments are for all to see.
call() {
  local token=${API_TOKEN:-} retry=0
  [[ $1 != GET ]] || retry=3
  if [[ -z $token && ${#hosts[@]} -eq 0 ]]; then token=$(token_here); fi
  status=$(printf 'header = "Authorization: Basic %s"\n' "${token%%,*}" |
    curl -sS --config - --max-time 70 --retry $retry -X "$1" ${3:+--data "$3"} -w '%{http_code}' -o "$work/answer" \
      "$api$2" 2>"$work/curl.log") || fail "$work/curl.log" 12 "$api does not answer"
  answer=$(cat "$work/answer")
}

refuse() { die 12 "$1: $api answered $status $answer"; }

# The ids of the members in service. Where a host still serves a version without `condition`, the description says who drains.
in_service() {
  tr '{' '\n' <<<"$answer" |
    awk '(/"condition":/ ? /"condition":"in-service"/ : /"state":"InService"/ && !/deregistration currently in progress/)' |
    sed -nE 's/.*"instanceId":"(i-[0-9a-f]+)".*/\1/p' || true
}

# Whether the health in `answer` has the instance. Without a pipe: grep -q would end the writer of a long answer, and pipefail the test.
is_member() { grep -q "\"instanceId\":\"$1\"" <<<"$answer"; }

read_health() {
  call GET "/elb/$elb/health"
  [[ $status == 200 ]] || refuse "the health of $elb is unknown"
}

# wait_until WHAT COMMAND...
wait_until() {
  local what=$1 deadline=$((SECONDS + elb_timeout))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || die 12 "$what not within $elb_timeout s"
    sleep 2
  done
}
is_in_service() { read_health && in_service | grep -qx "$1"; }
# Attaches the instance once more where it is no member: AWS may drop an attachment that was made while it drained.
is_in_service_or_attach() {
  is_in_service "$1" && return
  is_member "$1" || call POST "/elb/$elb" "{\"instanceId\":\"$1\"}"
  return 1
}
entry_of() { tr '{' '\n' <<<"$answer" | grep "\"instanceId\":\"$1\"" || true; }
is_out_of_service() { read_health && ! entry_of "$1" | grep -q '"state":"InService"'; }
is_draining() { read_health && entry_of "$1" | grep -qE '"condition":"draining"|deregistration currently in progress'; }

# Sets `asg` and `lifecycle` of the instance; both are empty for one in no group.
read_group() {
  asg='' lifecycle=''
  $standby || return 0
  local text
  command -v aws >/dev/null ||
    die 12 "the AWS CLI is needed, to see whether $1 is in an autoscaling group, which would replace a drained host: install it, or say --no-standby"
  text=$(aws autoscaling describe-auto-scaling-instances --instance-ids "$1" --output text \
    --query 'AutoScalingInstances[].[AutoScalingGroupName,LifecycleState]' 2>&1) ||
    die 12 "the AWS CLI could not tell whether $1 is in an autoscaling group: $text"
  if [[ -n $text && $text != None ]]; then read -r asg lifecycle <<<"$text"; fi
}
is_lifecycle() { read_group "$1" && [[ $lifecycle == "$2" ]]; }

take_out() {
  local id=$1 text
  read_health
  if in_service | grep -qx "$id" && ! in_service | grep -qvx "$id"; then
    die 11 "$id is the last healthy host of $elb: it is not drained; bring another into service first"
  fi
  read_group "$id"
  if $dry_run; then
    step "would take $id out of $elb ${asg:+by Standby in $asg}"
    return
  fi
  if [[ -n $asg ]]; then
    if [[ $lifecycle == InService ]]; then
      text=$(aws autoscaling enter-standby --instance-ids "$id" --auto-scaling-group-name "$asg" \
        --should-decrement-desired-capacity 2>&1) ||
        die 12 "$id cannot go into Standby (is $asg at its minimum size?): $text"
    fi
    out_of_elb=$id
    wait_until "$id was in Standby" is_lifecycle "$id" Standby
    step "$id is in Standby of $asg"
  elif is_member "$id"; then
    out_of_elb=$id
    call DELETE "/elb/$elb?instanceId=$id&wait=drained"
    case $status in
    201) ;;
    202) wait_until "$id was drained" is_out_of_service "$id" ;;
    # No member any more, as after a run that was cut, or the service itself keeps the last one in.
    409)
      text=$answer
      if is_draining "$id"; then wait_until "$id was drained" is_out_of_service "$id"; fi
      is_out_of_service "$id" || die 11 "$id is not drained: $text"
      ;;
    *) refuse "$id cannot be taken out of $elb" ;;
    esac
    step "$id is drained and out of $elb"
  else
    out_of_elb=$id
    step "$id is no member of $elb"
  fi
}

# Also after a failure: the host serves what it served before.
rejoin() {
  local id=$1 text serves=is_in_service
  out_of_elb=''
  read_group "$id"
  if [[ -n $asg ]]; then
    if [[ $lifecycle == Standby ]]; then
      text=$(aws autoscaling exit-standby --instance-ids "$id" --auto-scaling-group-name "$asg" 2>&1) ||
        die 12 "$id cannot leave Standby: $text"
    fi
    wait_until "$id was in service of $asg" is_lifecycle "$id" InService
  else
    call POST "/elb/$elb?wait=in-service" "{\"instanceId\":\"$id\"}"
    case $status in 201 | 202 | 409) ;; *) refuse "$id cannot be attached to $elb" ;; esac
    serves=is_in_service_or_attach
  fi
  wait_until "$id was in service of $elb" "$serves" "$id"
  step "$id is in service of $elb"
}

# --- the whole ---------------------------------------------------------------------------------------------------------

# redeploy HOST, or redeploy '' for this one.
redeploy() {
  local id=''
  if [[ -n $1 ]]; then
    where="${1%%=*}: "
    need_ssh "${1%%=*}"
  fi
  if [[ -n $elb ]]; then
    id=$(instance_of "$1")
    take_out "$id"
  fi
  if [[ -n $1 ]]; then replace_on "${1%%=*}"; else replace_here; fi
  if [[ -n $elb ]] && ! $dry_run; then rejoin "$id"; fi
}

main() {
  parse "$@"
  work=$(mktemp -d "${TMPDIR:-/tmp}/$name.XXXXXX") || die 7 "no folder can be made in ${TMPDIR:-/tmp}: is the disk full?"
  trap on_exit EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 141' PIPE
  trap 'exit 143' TERM
  if ((${#hosts[@]} == 0)); then
    redeploy ''
    return
  fi
  if [[ -n $elb && -z ${API_TOKEN:-} ]]; then die 6 "API_TOKEN is not set here: --elb sends it to $api"; fi
  if $send_image && ! $dry_run; then need_docker; fi
  # The host has no clone that would tell it.
  if [[ -z $repo ]]; then repo=$(git -C "$(dirname "${BASH_SOURCE[0]}")" remote get-url origin 2>/dev/null) || repo=''; fi
  local host
  for host in "${hosts[@]}"; do redeploy "$host"; done
}

# In braces: when this comes by standard input, all of it is read before anything runs. Not with &&, which would take
# errexit away.
{
  main "$@" </dev/null
  exit
}
