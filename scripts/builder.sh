#!/usr/bin/env bash
# Redeploys the service without losing a request, on this host or on hosts over SSH. See --help.
# It is one file, so that it can be copied to a host; --host pipes it to the host's `bash -s`. The code that runs on the
# operator's machine works with bash 3.2, the version of macOS. docs/adr/0001 explains how hosts are replaced.
# shellcheck disable=SC2317  # "unreachable": traps and wait_until call functions by name
set -euo pipefail
# For ranges of characters and the messages of git.
export LC_ALL=C

usage() {
  cat <<'END'
Usage: builder.sh [options]                       on the host itself
       builder.sh --host [USER@]HOST[=i-…] …      from anywhere, over SSH, host by host

Common calls:
  ./builder.sh                                    the main branch, on this host
  ./builder.sh --ref v1.4.0                       a tag, a branch or a full commit id
  ./builder.sh --rollback                         the previous version; a second call undoes it
  ./builder.sh --host ec2-user@10.0.1.7 --host ec2-user@10.0.2.9
  ./builder.sh --host ec2-user@10.0.1.7 --image   build here, for a host that cannot build
  ./builder.sh --host ec2-user@10.0.1.7 --pull 123456789012.dkr.ecr.us-east-1.amazonaws.com/elb-inventory@sha256:…
  API_TOKEN=… ./builder.sh --host ec2-user@10.0.1.7=i-0a… --elb default-elb --api https://ELB

What to deploy:
  --ref REF            branch, tag or full commit id (default: the main branch of the repository)
  --repo URL           repository (default: $REPO_URL, otherwise the origin of this script's clone); other users of this
                       machine can see a password in --repo, but not a password in $REPO_URL
  --image              build here and send the image, instead of building on the host
  --pull IMAGE         pull REGISTRY/NAME@sha256:… instead of building; if the registry requires a password, set
                       $REGISTRY_PASSWORD and $REGISTRY_USER (default: AWS, the user name for ECR)
  --base-image IMAGE   build on this image (default: $BASE_IMAGE, otherwise the base image in the Dockerfile)
  --built COMMIT       use the image elb-inventory:COMMIT, which the host already has
  --rollback           use the image of the previous version
Where:
  --host [USER@]HOST[=i-…]  can be repeated; hosts are redeployed in turn until one fails
  --ssh COMMAND        SSH command (default: ssh), for example 'ssh -p 2222 -i "my key.pem"'; with 'ssh -A', git on the
                       host uses the keys of your SSH agent
  --env-file FILE      the file with the settings, on the host (default: $ENV_FILE, otherwise /root/.env)
To take each host out of the load balancer during its redeploy:
  --elb NAME           the load balancer
  --api URL            the service that manages the load balancer; its token is $API_TOKEN or, on the host itself, the
                       token in the env file; use https, because http sends the token in clear text
  --no-standby         do not call the AWS CLI, because no host is in an Auto Scaling group (see docs/adr/0002)
How:
  --healthy-for SECONDS  time without a failed health check before a new version opens the port (default: 10)
  --timeout SECONDS      time limit for the health checks (default: 60)
  --watch SECONDS        time during which both versions handle requests; if the new version fails during this time, it
                         is removed, and the old version continues (default: 10)
  --no-readiness         deploy a version that cannot reach AWS, for example during an AWS outage
  --memory SIZE          memory limit of the container, in the format of docker run (default: 512m)
  --elb-timeout SECONDS  time limit for each change to the load balancer (default: 600)
  --dry-run              print the steps without changing anything
  --help

Exit codes:
  0 done                          8 another program uses the port or the name of the container
  1 the new version did not start, was not healthy or ready, or failed while both versions handled requests; it was
    removed, and the old version continues to handle requests
  2 invalid options               9 another run is in progress on the host
  3 no Docker                    10 the image cannot be built, pulled or sent
  4 no SSH, or it disconnected   11 the host is the last healthy one; it was not drained
  5 unknown ref or repository    12 the API, the load balancer or the Auto Scaling group failed
  6 env file missing or invalid  13 no previous version, or no image of --built
  7 disk full                    14 unknown instance id
END
}

name='elb-inventory'
candidate=$name-candidate
old=$name-old

hosts=() ref='' repo=${REPO_URL:-} env_file='' elb='' api='' built='' pull='' base=${BASE_IMAGE:-} repo_login='' ssh_command=ssh ssh=()
send_image=false rollback=false dry_run=false standby=true readiness=true
timeout=60 healthy_for=10 watch=10 elb_timeout=600 memory=512m
secrets=() init=(--init) served=''
where=${BUILDER_WHERE:-} work='' switching=false locked=false out_of_elb='' asg=''

step() { printf '%s%4d s  %s\n' "$where" "$SECONDS" "$*" || true; }

# die CODE SENTENCE
die() {
  printf '%sbuilder.sh: %s\n' "$where" "$2" >&2 || true
  exit "$1"
}

# Warns if the token would be sent in clear text over the internet. A private address is in the network of the host or
# behind a VPN.
warn_of_http() {
  local local_hosts='localhost|\[::1\]|127(\.[0-9]+){3}|10(\.[0-9]+){3}|192\.168(\.[0-9]+){2}|172\.(1[6-9]|2[0-9]|3[01])(\.[0-9]+){2}'
  if [[ $api == http://* && ! $api =~ ^http://($local_hosts)([:/]|$) ]]; then
    printf '%sbuilder.sh: warning: --api %s sends the token in clear text; use https\n' "$where" "$api" >&2 || true
  fi
}

# fail LOG CODE SENTENCE: prints the end of the log, then calls die. If the disk is full, the exit code is always 7.
fail() {
  tail -n 20 "$1" | sed "s/^/$where     | /" >&2 || true
  if grep -qi 'no space left on device' "$1" || [[ -z $(df -Pk "$work" | awk 'NR == 2 && $4 >= 100') ]]; then
    die 7 "the disk is full; free some space (docker system df shows how much Docker uses), and run this again"
  fi
  die "$2" "$3"
}

# Closes the descriptor of the lock, so that a program that is started here does not hold the lock.
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
    --no-readiness) readiness=false ;;
    --host | --ref | --repo | --pull | --base-image | --env-file | --elb | --api | --built | --ssh | --timeout | --healthy-for | --watch | --elb-timeout | --memory)
      [[ -n ${2:-} ]] || die 2 "$1 needs a value; see --help"
      case $1 in
      --host) hosts+=("$2") ;;
      --ref) ref=$2 ;;
      --repo) repo=$2 ;;
      --pull) pull=$2 ;;
      --base-image) base=$2 ;;
      --env-file) env_file=$2 ;;
      --elb) elb=$2 ;;
      --api) api=${2%/} ;;
      --built) built=$2 ;;
      --ssh) ssh_command=$2 ;;
      --timeout) timeout=$2 ;;
      --healthy-for) healthy_for=$2 ;;
      --watch) watch=$2 ;;
      --elb-timeout) elb_timeout=$2 ;;
      --memory) memory=$2 ;;
      esac
      shift
      ;;
    *) die 2 "$1 is not an option; see --help" ;;
    esac
    shift
  done
  check_options
}

check_options() {
  local number host seen=' '
  for number in "$timeout" "$healthy_for" "$watch" "$elb_timeout"; do
    # bash would read 010 as 8.
    [[ $number =~ ^(0|[1-9][0-9]{0,4})$ ]] || die 2 "'$number' is not a whole number of seconds; see --help"
  done
  ((healthy_for < timeout)) || die 2 "--healthy-for $healthy_for must be less than --timeout $timeout"
  # Docker reads 0 as no limit.
  [[ $memory =~ ^[1-9][0-9]*[kmg]$ ]] || die 2 "--memory takes a size such as 512m or 1g, not '$memory'"
  for host in ${hosts[@]+"${hosts[@]}"}; do
    [[ $host =~ ^[A-Za-z0-9_][A-Za-z0-9_.@:-]*(=i-[0-9a-f]{8,17})?$ ]] || die 2 "--host '$host' is not [USER@]HOST[=i-…]"
    [[ $seen != *" ${host%%=*} "* ]] || die 2 "--host ${host%%=*} is given twice; remove one"
    seen+="${host%%=*} "
  done
  [[ $ref != -* && $repo != -* ]] || die 2 "--ref and --repo must not begin with a dash"
  need_plain --ref "$ref"
  need_plain --repo "${repo//%/}"
  need_plain --base-image "$base"
  need_plain --env-file "$env_file"
  need_plain --api "$api"
  local words word
  # xargs splits the text at blanks outside quotes, and does not expand anything.
  words=$(xargs -n 1 printf '%s\n' <<<"$ssh_command" 2>/dev/null) || die 2 "--ssh has an unclosed quote; close it"
  while IFS= read -r word; do ssh+=("$word"); done <<<"$words"
  [[ -z $elb || $elb =~ ^[A-Za-z0-9-]{1,32}$ ]] || die 2 "--elb '$elb' is not the name of a load balancer"
  [[ -z $elb && -z $api || -n $elb && $api =~ ^https?:// ]] || die 2 "--elb NAME and --api http(s)://… must be set together"
  [[ -z $built || $built =~ ^[0-9a-f]{40}$ ]] || die 2 "--built takes a commit id of 40 digits, not '$built'"
  [[ -z $pull || $pull =~ ^[a-z0-9.:-]+/[a-z0-9/._-]+@sha256:[0-9a-f]{64}$ ]] || die 2 "--pull takes REGISTRY/NAME@sha256:… with 64 digits, not '$pull'"
  ! $rollback || [[ -z $ref$built$pull ]] || die 2 "--rollback cannot be combined with --ref, --built or --pull"
  [[ -z $pull || -z $ref$built && $send_image == false ]] || die 2 "--pull cannot be combined with --ref, --built or --image"
  ! $send_image || ! $rollback || die 2 "--rollback uses an image on the host; remove --image"
  ! $send_image || ((${#hosts[@]} > 0)) || die 2 "--image needs --host"
}

# need_plain OPTION VALUE: the message does not contain the value, because it may contain a password.
need_plain() {
  [[ $2 =~ ^[A-Za-z0-9_./@:+~-]*$ ]] || die 2 "$1 has a character that is not one of A-Z a-z 0-9 _ . / @ : + ~ -; use a name without it"
}

# --- the image ---------------------------------------------------------------------------------------------------------

need_docker() {
  type -P docker >/dev/null || die 3 "docker is missing; install it (Amazon Linux: dnf install docker)"
  command docker version >"$work/docker.log" 2>&1 ||
    die 3 "Docker does not respond; start it (systemctl start docker), and run this as root or as a member of the group docker"
  # Some engines do not include docker-init. Without it, no container starts with --init.
  if [[ $(docker info --format '{{.InitCommit.ID}}' 2>/dev/null) == N/A ]]; then
    init=()
    step 'this engine has no docker-init, so a version that hangs is not restarted; install docker-init (tini)'
  fi
}

# Sets `repo`, without the user and password of the URL, which would appear in the output and in process lists, and
# `repo_login`, which git reads from a file.
find_repo() {
  local parts='^(https?://)([^/]*)@([^/]*)(.*)$'
  if [[ -z $repo ]]; then
    repo=$(git -C "$(dirname "${BASH_SOURCE[0]:-.}")" remote get-url origin 2>"$work/git.log") ||
      fail "$work/git.log" 5 "the repository is unknown; set --repo URL, or run this from a clone that has an origin"
    need_plain 'the origin of this clone' "${repo//%/}"
  fi
  # SSH ignores the password of a URL, which would appear in the output.
  if [[ $repo =~ ^[A-Za-z0-9+.-]+://[^/@]*:[^/]*@ && ! $repo =~ ^https?:// ]]; then
    die 5 "the URL of the repository contains a password, which only https uses; remove it, and authenticate with an SSH key"
  fi
  if [[ $repo =~ $parts ]]; then
    repo_login=${BASH_REMATCH[2]}
    repo=${BASH_REMATCH[1]}${BASH_REMATCH[3]}${BASH_REMATCH[4]}
    printf '%s%s@%s\n' "${BASH_REMATCH[1]}" "$repo_login" "${BASH_REMATCH[3]}" >"$work/login"
  fi
}

git_here() { git --git-dir "$work/repository" "$@" >"$work/git.log" 2>&1; }

# Sets `commit`. Servers with protocol v0 send only the tips of branches and tags, and servers of static files cannot
# send a single commit. In these cases, all refs are fetched.
fetch_ref() {
  local wanted=${ref:-HEAD} found=FETCH_HEAD unknown="$repo has no branch, tag or full commit id '$ref'"
  if ! git_here fetch -q --depth 1 "$repo" "$wanted"; then
    ! grep -q "couldn't find remote ref" "$work/git.log" || die 5 "$unknown"
    grep -qE 'unadvertised object|not our ref|shallow' "$work/git.log" || return
    step "the server does not send a single commit; fetching more"
    if [[ $ref =~ ^[0-9a-f]{40}$ ]]; then wanted='+refs/*:refs/*' found=$ref; fi
    git_here fetch -q "$repo" "$wanted" || return
  fi
  commit=$(git --git-dir "$work/repository" rev-parse -q --verify "$found^{commit}") || die 5 "$unknown"
}

# Sets `commit`, and extracts its files into $work/source.
fetch() {
  export GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND="${GIT_SSH_COMMAND:-ssh -o BatchMode=yes}"
  command -v git >/dev/null || die 5 "git is missing; install it, or send the image with --image"
  git_here init -q --bare || fail "$work/git.log" 5 "git cannot write to $work"
  if [[ -n $repo_login ]]; then
    # The empty helper disables the credential helpers of the machine, which may have a different password.
    printf '[credential]\n\thelper =\n\thelper = "store --file='\''%s'\''"\n' "$work/login" >>"$work/repository/config"
    [[ $repo_login == *:* ]] || printf '\tusername = "%s"\n' "$repo_login" >>"$work/repository/config"
  fi
  fetch_ref || fail "$work/git.log" 5 "git cannot fetch from $repo; check the address, and whether this machine has access"
  mkdir "$work/source"
  # The file modes are the same as in a clone, so that the layers of `docker build .` are reused.
  git --git-dir "$work/repository" -c tar.umask=0022 archive "$commit" 2>"$work/git.log" | tar -x -C "$work/source" 2>>"$work/git.log" ||
    fail "$work/git.log" 5 "the files of $commit cannot be extracted into $work"
  step "fetched ${ref:-the main branch} of $repo: ${commit:0:12}"
}

# build [PLATFORM]: builds elb-inventory:$commit from $work/source, unless the image exists.
build() {
  if image_of "$commit" >/dev/null && has_base; then
    step "the image of ${commit:0:12} exists"
    return
  fi
  local version
  version=$(sed -nE 's/^  "version": "([^"]+)",?$/\1/p' "$work/source/package.json")
  # Uses the network of the host, because the engine may not have a bridge. Uses --load, because some builders leave the
  # image in their cache.
  docker build --load --network host ${1:+--platform "$1"} ${base:+--build-arg BASE_IMAGE="$base"} \
    --build-arg COMMIT="$commit" --build-arg VERSION="$version" --build-arg SOURCE="$repo" \
    --tag "$name:$commit" "$work/source" >"$work/build.log" 2>&1 ||
    fail "$work/build.log" 10 "the image of ${commit:0:12} could not be built; the old version continues to handle requests"
  image_of "$commit" >/dev/null ||
    fail "$work/build.log" 10 "the builder did not load the image of ${commit:0:12} into Docker; use another builder (docker buildx use default)"
  has_base || die 10 "the image of ${commit:0:12} is not based on $base, because its Dockerfile has no ARG BASE_IMAGE; remove --base-image"
  step "built $name:${commit:0:12}"
}

label_of() { docker image inspect --format "{{index .Config.Labels \"$2\"}}" "$1"; }
has_base() { [[ -z $base || $(label_of "$name:$commit" org.opencontainers.image.base.name) == "$base" ]]; }

# Pulls the image, sets `commit`, and tags the image like one that was built here.
pull_image() {
  local config=()
  if [[ -n ${REGISTRY_PASSWORD:-} ]]; then
    # Uses a separate configuration, so that the login is discarded at the end of this run. The configuration has no
    # contexts, so DOCKER_HOST selects the engine.
    export DOCKER_HOST=${DOCKER_HOST:-$(docker context inspect --format '{{.Endpoints.docker.Host}}')}
    config=(--config "$work/docker")
    docker "${config[@]}" login --username "${REGISTRY_USER:-AWS}" --password-stdin "${pull%%/*}" \
      <<<"$REGISTRY_PASSWORD" >"$work/pull.log" 2>&1 ||
      fail "$work/pull.log" 10 "${pull%%/*} rejects the login; check \$REGISTRY_PASSWORD; the old version continues to handle requests"
  fi
  docker ${config[@]+"${config[@]}"} pull --quiet "$pull" >"$work/pull.log" 2>&1 ||
    fail "$work/pull.log" 10 "$pull cannot be pulled; check its name, and the login of the host or \$REGISTRY_PASSWORD; the old version continues to handle requests"
  commit=$(label_of "$pull" org.opencontainers.image.revision)
  [[ $(label_of "$pull" org.opencontainers.image.title) == "$name" && $commit =~ ^[0-9a-f]{40}$ ]] ||
    die 10 "$pull is not an image of $name with its commit; build it with --build-arg COMMIT=…; the old version continues to handle requests"
  docker tag "$pull" "$name:$commit"
  step "pulled $pull: ${commit:0:12}"
}

image_of() { docker image inspect --format '{{.Id}}' "$name:$1" 2>/dev/null; }

# Sets `commit` and `image`.
obtain_image() {
  if $rollback; then
    image=$(image_of previous) || die 13 "this host has no previous version; deploy one with --ref"
    commit=$(label_of "$image" org.opencontainers.image.revision)
    # The tag can refer to another image of the same commit, for example with a different base image.
    docker tag "$image" "$name:$commit"
    return
  fi
  if [[ -n $pull ]]; then pull_image; elif [[ -n $built ]]; then commit=$built; else fetch && build; fi
  image=$(image_of "$commit") || die 13 "this host has no image $name:$commit; deploy it with --ref"
}

# The tags current, previous and older are the last three versions that handled requests on the host; --rollback uses
# previous. `image` is the version that handles requests now; `served` is the version before it.
remember() {
  local tag id kept=("$image") names=(current previous older) i
  [[ -z $served || $served == "$image" ]] || kept+=("$served")
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

# Parses like docker, which strips a byte order mark, CR and blanks before a name.
setting() { sed -E $'1s/^\xef\xbb\xbf//; s/\r$//' "$env_file" | sed -nE "s/^[[:space:]]*$1=(.+)$/\1/p" | tail -n 1; }

# Prints the token of the service, from the env file or from the file in API_TOKEN_FILE.
token_here() {
  local file
  file=$(setting API_TOKEN_FILE)
  if [[ -n $file ]]; then head -n 1 "$file" | tr -d '\r'; else setting API_TOKEN; fi
}

need_env_file() {
  env_file=${env_file:-${ENV_FILE:-/root/.env}}
  [[ -r $env_file && -f $env_file ]] ||
    die 6 "$env_file is missing or unreadable; copy .env.example there and set API_TOKEN, or set --env-file"
  [[ -n $(setting API_TOKEN)$(setting API_TOKEN_FILE) ]] ||
    die 6 "$env_file has no API_TOKEN; set it to the base64 of user:password, or set API_TOKEN_FILE to a file that contains it"
  local file
  file=$(setting API_TOKEN_FILE)
  [[ -z $file || $file =~ ^/[^:]*$ ]] || die 6 "API_TOKEN_FILE in $env_file is not an absolute path without a colon; correct it"
  [[ -z $file ]] || secrets=(--volume "$file:$file:ro")
}

exists() { docker container inspect "$1" >/dev/null 2>&1; }
running() { [[ $(docker container inspect --format '{{.State.Running}}' "$1" 2>/dev/null) == true ]]; }
image_in() { docker container inspect --format '{{.Image}}' "$1" 2>/dev/null; }
# has_label OBJECT LABEL: returns 0 if an image, or the image of a container, has the feature.
has_label() { [[ $(docker inspect --format "{{index .Config.Labels \"elb-inventory.$2\"}}" "$1" 2>/dev/null) == true ]]; }

# ask CONTAINER METHOD PATH…: prints the status and body of each response on one line, or an error. ask.mjs reads the
# token from the environment of the container. Returns 1 unless every status is 200.
ask() { docker exec "$1" node ask.mjs "${@:2}" 2>&1; }

# Stops a container gracefully and removes it with its volume.
discard() {
  exists "$1" || return 0
  docker stop -t 20 "$1" >/dev/null && docker rm --force --volumes "$1" >/dev/null
}

# The lock is a folder, because mkdir does not follow links and opening a folder does not block. Other users may write
# to /run/lock, but cannot replace a folder of root there.
lock() {
  local parent=/run/lock folder
  [[ -d $parent && -w $parent ]] || parent=/tmp
  folder=$parent/$name-builder-$(docker info --format '{{.ID}}' | tr -cd 'A-Za-z0-9-')
  if ((EUID == 0)); then
    [[ ! -L $folder && -d $folder ]] || rm -f "$folder"
    chown -h 0:0 "$folder" 2>/dev/null || true
  fi
  mkdir -m 755 "$folder" 2>/dev/null || true
  [[ ! -L $folder && -d $folder && -r $folder && ($(stat -c %u "$folder") == 0 || -O $folder) ]] ||
    die 9 "the lock $folder is not a folder that belongs to this user or root; remove it, and run this again"
  exec 9<"$folder"
  flock --nonblock 9 || die 9 "another run is in progress on this host; run this again when it has ended"
  locked=true
}

need_own_containers() {
  local container
  for container in "$name" "$candidate" "$old"; do
    ! exists "$container" ||
      [[ $(docker container inspect --format '{{index .Config.Labels "org.opencontainers.image.title"}}' "$container") == "$name" ]] ||
      die 8 "the container $container belongs to another program, and this script would remove it; rename it (docker rename), and run this again"
  done
}

# Cleans up after an interrupted run, so that only one version runs, under its own name.
mend() {
  if ! exists "$name" && exists "$old"; then
    if running "$candidate"; then docker rename "$candidate" "$name"; else docker rename "$old" "$name"; fi
  fi
  discard "$candidate"
  if exists "$old"; then
    if running "$name"; then discard "$old"; else discard "$name" && docker rename "$old" "$name"; fi
    step 'cleaned up after an interrupted run'
  fi
  local serving
  serving=$(image_in "$name") || return 0
  if [[ $(image_of current) != "$serving" ]]; then image=$serving remember; fi
}

need_port() {
  local host port
  host=$(setting HOST) port=$(setting PORT)
  host=${host:-0.0.0.0} port=${port:-8000}
  # The rules of the service are in api/config/config.ts.
  [[ $host =~ ^[A-Za-z0-9_.:-]+$ ]] || die 6 "HOST in $env_file is not an address to listen on; correct it"
  if [[ ! $port =~ ^[0-9]{1,5}$ ]] || ((10#$port > 65535)); then
    die 6 "PORT in $env_file is not a whole number up to 65535; correct it"
  fi
  case $host in 0.0.0.0) host=127.0.0.1 ;; ::) host=::1 ;; esac
  running "$name" && return
  # shellcheck disable=SC2016  # $1 and $2 are the arguments of the inner bash
  if timeout 2 bash -c ': <>"/dev/tcp/$1/$2"' bash "$host" "$port" 2>/dev/null; then
    die 8 "port $port is in use by another program (ss -ltnp shows it); stop that program, or set PORT in $env_file"
  fi
}

# The new image checks the env file according to its own rules. Older images have neither the label nor the check.
check_env() {
  has_label "$image" check-env || return 0
  docker run --rm --interactive ${init[@]+"${init[@]}"} --network none --read-only --cap-drop ALL --security-opt no-new-privileges \
    ${secrets[@]+"${secrets[@]}"} "$image" node server.js --check-env - <"$env_file" >"$work/env.log" 2>&1 ||
    fail "$work/env.log" 6 "${commit:0:12} cannot start with $env_file, see above; correct the file; nothing was changed"
  sed "s/^/$where     | /" "$work/env.log"
}

# share_port_with CONTAINER: makes the user of the new version the owner of the listening sockets of the old version,
# because SO_REUSEPORT requires that the sockets belong to the same user. The owner of a socket is the owner of its
# inode (sockfs_setattr in net/socket.c of the kernel).
share_port_with() {
  local from to socket process
  from=$(container_uid "$1") to=$(container_uid "$candidate")
  # This also applies to the same user: the sockets may belong to the user of a version that failed.
  for process in $(docker top "$1" -eo pid | awk 'NR > 1'); do
    for socket in /proc/"$process"/fd/*; do
      [[ $(readlink "$socket" 2>/dev/null) != socket:* ]] || chown "$to" "$socket" 2>/dev/null || true
    done
  done
  [[ $from == "$to" ]] || step "the old version runs as user $from, and the new version as user $to; they share the port"
}
# Docker requires the pid column.
container_uid() { docker top "$1" -eo pid,uid 2>/dev/null | awk 'END { print $2 }'; }

start_candidate() {
  local logs=()
  [[ $(docker info --format '{{.LoggingDriver}}') != json-file ]] || logs=(--log-opt max-size=10m --log-opt max-file=5)
  # No restart policy until the new version is healthy, so that if the Docker engine restarts before then, it starts only
  # the old version.
  docker run --detach --name "$candidate" --network host --env-file "$env_file" \
    --env REUSE_PORT=on --env CONTROL_SOCKET=/run/elb-inventory/control.sock --volume /run/elb-inventory ${secrets[@]+"${secrets[@]}"} \
    ${init[@]+"${init[@]}"} --read-only --cap-drop ALL --security-opt no-new-privileges --stop-timeout 20 ${logs[@]+"${logs[@]}"} \
    --memory "$memory" --memory-swap "$memory" --pids-limit 256 --ulimit core=0 \
    "$name:$commit" >"$work/run.log" 2>&1 || fail "$work/run.log" 1 "the new version could not be started; nothing was changed"
  step "started ${commit:0:12}, with its control socket only"
}

# Waits until the candidate is healthy for $healthy_for seconds without interruption. If this fails, on_exit removes it.
wait_until_healthy() {
  local deadline=$((SECONDS + timeout)) since='' reason="was not healthy for $healthy_for s in a row within $timeout s"
  while ((SECONDS < deadline)); do
    if ! running "$candidate"; then
      reason="ended with exit code $(exit_code)"
      break
    fi
    if ask "$candidate" GET /healthcheck >/dev/null; then
      [[ -n $since ]] || step 'it is healthy'
      since=${since:-$SECONDS}
      if ((SECONDS - since >= healthy_for)); then
        step "it was healthy for $healthy_for s in a row"
        return
      fi
    else
      since=''
    fi
    sleep 0.5
  done
  reject "$reason"
}

exit_code() { docker container inspect --format '{{.State.ExitCode}}' "$candidate"; }

# reject REASON: on_exit removes the new version.
reject() {
  docker logs --tail 20 "$candidate" >"$work/candidate.log" 2>&1 || true
  local serving='no version handles requests'
  if running "$name"; then serving='the old version continues to handle requests'; fi
  fail "$work/candidate.log" 1 "${commit:0:12} $1; it was removed, and $serving; the end of its log is above"
}

# Sends authenticated requests to the candidate: its readiness check, which calls AWS, and the lists that clients read.
need_readiness() {
  local answer list failures attempt elb_path
  if ! $readiness; then
    step 'did not check whether it is ready (--no-readiness)'
    return
  fi
  if ! has_label "$candidate" readiness; then
    step "${commit:0:12} is an older version without a readiness check"
    return
  fi
  for attempt in 1 2 3; do
    answer=$(ask "$candidate" GET /readiness) || true
    [[ $answer == 503* ]] || break
    ((attempt == 3)) || sleep 2
  done
  [[ $answer == '200 '* || $answer == '503 {"ready":false'* ]] || reject "does not respond to authenticated requests: ${answer:0:1000}"
  if [[ $answer == 503* ]]; then
    if running "$name" && ! has_label "$name" readiness; then
      step 'the running version is older and has no readiness check; comparing with its GET /status'
    fi
    failures=$(new_failures "$answer")
    [[ -z $failures ]] || reject "cannot reach $failures (--no-readiness deploys it anyway): ${answer:0:1000}"
    step "it cannot reach $(unreachable "$answer"), and the running version cannot reach it either, so the redeploy continues: ${answer:0:1000}"
  fi
  list=$(ask "$candidate" GET '/elb?limit=1') || true
  [[ $list == '200 '* || $answer == 503* && $list != '500 '* ]] || reject "does not respond to GET /elb: ${list:0:1000}"
  elb_path=$(sed -nE 's/^200 .*"elbName":"([A-Za-z0-9-]+)".*/\/elb\/\1/p' <<<"$list")
  if [[ -n $elb_path ]]; then
    # Sent twice, because the second response comes from the cache.
    list=$(ask "$candidate" GET "$elb_path" "$elb_path") || reject "does not respond to GET $elb_path: ${list:0:1000}"
  fi
  [[ $answer == 503* ]] || step 'it is ready: it reaches AWS, and responds to authenticated requests'
}

# unreachable ANSWER: prints the names of the dependencies that cannot be reached, according to GET /readiness.
unreachable() { tr '{' '\n' <<<"$1" | sed -nE 's/^"name":"([a-z0-9-]+)","reachable":false.*/\1/p' | xargs; }

# new_failures ANSWER: prints the unreachable dependencies, except those that the running version cannot reach either.
new_failures() {
  local dependency serving='' failures=''
  if running "$name"; then
    if has_label "$name" readiness; then
      serving=$(unreachable "$(ask "$name" GET /readiness)")
    else
      # An older ask.mjs sends no token. GET /elb makes the service call AWS if it has not called AWS in the last 2 s.
      case $(docker exec "$candidate" cat ask.mjs | docker exec --interactive "$name" node --input-type=module - GET '/elb?limit=1' /status 2>&1) in
      *'"reachable":"no"'* | *'"working":"no"'*) serving=aws ;;
      esac
    fi
  fi
  for dependency in $(unreachable "$1"); do
    [[ " $serving " == *" $dependency "* ]] || failures+="${failures:+ }$dependency"
  done
  printf '%s' "$failures"
}

# watch_both: returns when both versions have handled requests for $watch seconds. Removes the new version if it fails
# during that time.
watch_both() {
  local end=$((SECONDS + watch)) labelled=false paths=(/status) answers problem failures=0
  if has_label "$candidate" readiness; then labelled=true; else paths=(/healthcheck); fi
  if $labelled && $readiness; then paths+=(/readiness); fi
  while ((SECONDS < end || failures > 0)); do
    sleep 1
    if answers=$(ask "$candidate" GET "${paths[@]}") && ! $labelled; then answers="200 $answers"; fi
    running "$candidate" || reject "ended with exit code $(exit_code) after it had opened the port"
    problem=$(problem_in "$answers")
    # A single failed request can be caused by a slow moment of the host.
    case $problem in
    '') failures=0 ;;
    *'requests with 500') failures=2 ;;
    *) failures=$((failures + 1)) ;;
    esac
    if ((failures >= 2)); then
      # A version that hangs does not close its listener. When it ends, the kernel moves its connections to the old
      # version.
      [[ $answers != *'got no response within'* ]] || docker kill "$candidate" >/dev/null || true
      reject "failed after it had opened the port: $problem"
    fi
  done
}

# problem_in ANSWERS: prints what is wrong with the responses to GET /status (or /healthcheck) and /readiness. Prints
# nothing if they are successful.
problem_in() {
  local failures
  if [[ $1 != '200 '* ]]; then
    printf '%s' "${1:0:1000}"
  elif (($(error_share "$1") > $(error_share "$(ask "$name" GET /status)") + 1)); then
    printf 'it responds to %s %% of the authenticated requests with 500' "$(error_share "$1")"
  elif [[ $1 == *$'\n'* && $1 != *$'\n200 '* ]]; then
    failures=$(new_failures "${1#*$'\n'}")
    [[ $1 == *$'\n503 '* && -z $failures ]] || printf '%s' "${1#*$'\n'}"
  fi
}

# error_share ANSWER: prints the percentage of 500 responses in a GET /status response, rounded up, or 0 if it is
# unknown.
error_share() {
  local all errors
  all=$(sed -nE '1s/.*"answered":([0-9]+).*/\1/p' <<<"$1")
  errors=$(sed -nE '1s/.*"internalErrors":([0-9]+).*/\1/p' <<<"$1")
  printf '%s' $((${errors:-0} > 0 ? (${errors:-0} * 100 + all - 1) / all : 0))
}

# The new version shares the port with the old version and replaces it after $watch seconds. Nothing interrupts this,
# even if SSH disconnects, because completing the switch is safer than undoing it.
switch_over() {
  # The kernel then moves connections that are waiting on a closing listener to the other listener, instead of resetting
  # them.
  sysctl -qw net.ipv4.tcp_migrate_req=1 2>/dev/null ||
    step 'net.ipv4.tcp_migrate_req is not set, because setting it requires root; a connection can be lost during the switch'
  trap '' HUP INT PIPE TERM
  local answer
  if running "$name"; then share_port_with "$name"; fi
  answer=$(ask "$candidate" POST /open-port) || die 8 "the new version cannot open the port and was removed: $answer"
  step "${commit:0:12} has opened the port"
  watch_both
  step "it handled requests for $watch s without a failure"
  switching=true
  served=$(image_in "$name") || true
  docker update --restart unless-stopped "$candidate" >/dev/null
  if exists "$name"; then docker rename "$name" "$old"; fi
  docker rename "$candidate" "$name"
  if exists "$old"; then
    discard "$old"
    step 'the old version completed its last requests and was removed'
  fi
}

replace_here() {
  need_docker
  if $dry_run; then
    if $rollback || [[ -n $built ]]; then step 'would use an image on this host'; fi
    [[ -z $pull ]] || step "would pull $pull"
    [[ -z $repo ]] || step "would fetch ${ref:-the main branch} of $repo and build it"
    step "would start it with $env_file, check its health for $healthy_for s and whether it can reach AWS, open its port, and watch it for $watch s$(if running "$name"; then echo ' together with the old version, which would then stop'; fi)"
    step 'would keep the last three versions'
    return
  fi
  lock
  need_own_containers
  mend
  need_port
  obtain_image
  check_env
  start_candidate
  wait_until_healthy
  need_readiness
  switch_over
  remember
  step "done: ${commit:0:12} handles requests"
}

# --- over SSH ----------------------------------------------------------------------------------------------------------

# on_host HOST: runs the bash program of standard input on the host, as root if sudo needs no password. Values are part of
# the program, because all users see arguments. Prints the program's output; returns its exit code, 254 if it did not start,
# 255 if its end is unknown.
# The exit code of ssh proves nothing: a login shell outside POSIX or a forced command can exit with 0. Therefore sh prints a
# mark before and after the program; the marks differ from the command line, which a forced command may print. Every login
# shell reads this line in the same way, because its quotes contain no newline, single quote, backslash or exclamation mark.
on_host() {
  local mark=$RANDOM$RANDOM command
  # SSH_AUTH_SOCK is the agent of `ssh -A`, which sudo would drop.
  # shellcheck disable=SC2016  # the host expands it
  command='echo "begin""-MARK"; as=; [ "$(id -u)" = 0 ] || { sudo -n true </dev/null >/dev/null 2>&1 && as="sudo -n"; }; '
  # shellcheck disable=SC2016
  command+='$as env ${SSH_AUTH_SOCK:+"SSH_AUTH_SOCK=$SSH_AUTH_SOCK"} bash -s; echo "end""-MARK $?"'
  { "${ssh[@]}" -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 "$1" "sh -c '${command//MARK/$mark}'" || true; } |
    between_marks "$mark"
}

# Prints the lines between the marks, and returns the exit code of the second one. Without the first one, prints the
# output of the host to standard error.
between_marks() {
  local line before='' begin="begin-$1" end="end-$1 " begun=false code=255
  while IFS= read -r line || [[ -n $line ]]; do
    line=${line%$'\r'}
    if ! $begun; then
      if [[ $line == *"$begin" ]]; then begun=true; elif ((${#before} < 2000)); then before+=$line$'\n'; fi
    elif [[ $line == *"$end"* ]]; then
      printf '%s' "${line%%"$end"*}" || true
      code=${line##*"$end"}
      break
    else
      printf '%s\n' "$line" || true
    fi
  done
  # Prevents a logout script from receiving SIGPIPE.
  cat >/dev/null
  $begun && return "$code"
  printf '%s' "$before" >&2
  return 254
}

need_ssh() {
  [[ -n ${BASH_SOURCE[0]:-} && -r ${BASH_SOURCE[0]} ]] || die 2 "--host needs this script as a file; save it first"
  on_host "$1" >"$work/ssh.log" 2>&1 <<<'exit 0' ||
    fail "$work/ssh.log" 4 "$1 cannot be reached over SSH, or does not run commands; try '$ssh_command $1 id', and check the key, the host key, the login shell and forced commands"
}

# Builds the image for the platform of the host, and sends it if the host does not have it.
send_image() {
  local host=$1 platform sent
  platform=linux/$(on_host "$host" 2>/dev/null <<<"docker version --format '{{.Server.Arch}}'") ||
    die 3 "Docker does not respond on $host; install or start it there"
  if [[ -z ${commit:-} ]]; then fetch; fi
  build "$platform"
  sent=$(image_of "$commit")
  if [[ $(on_host "$host" 2>/dev/null <<<"docker image inspect --format '{{.Id}}' $name:$commit") == "$sent" ]]; then
    step "$host has the image of ${commit:0:12}"
    return
  fi
  # bash reads its input line by line, so docker receives the rest of it.
  { echo 'docker load; exit' && docker save "$name:$commit" | gzip -1; } | on_host "$host" >"$work/load.log" 2>&1 ||
    fail "$work/load.log" 10 "the image could not be sent to $host"
  step "sent the image of ${commit:0:12} to $host"
}

replace_on() {
  local host=$1 code=0 arguments=(--timeout "$timeout" --healthy-for "$healthy_for" --watch "$watch" --memory "$memory")
  [[ -z $env_file ]] || arguments+=(--env-file "$env_file")
  if $rollback; then
    arguments+=(--rollback)
  elif $send_image; then
    if $dry_run; then step "would fetch ${ref:-the main branch} of $repo, build it here, and send it"; fi
    arguments+=(--built "${commit:-0000000000000000000000000000000000000000}")
  elif [[ -n $built ]]; then
    arguments+=(--built "$built")
  elif [[ -n $pull ]]; then
    arguments+=(--pull "$pull")
  else
    [[ -z $base ]] || arguments+=(--base-image "$base")
    [[ -z $ref ]] || arguments+=(--ref "$ref")
    if [[ -n $repo_login ]]; then arguments+=(--repo "${repo%%://*}://$repo_login@${repo#*://}"); else arguments+=(--repo "$repo"); fi
  fi
  $readiness || arguments+=(--no-readiness)
  if $dry_run; then arguments+=(--dry-run); fi
  {
    printf 'BUILDER_WHERE=%q REGISTRY_USER=%q REGISTRY_PASSWORD=%q; set --' "$where" "${REGISTRY_USER:-}" "${REGISTRY_PASSWORD:-}"
    printf ' %q' "${arguments[@]}"
    echo
    cat "${BASH_SOURCE[0]}"
  } | on_host "$host" || code=$?
  ((code <= 128)) || die 4 "the connection to $host was lost, or the script there was killed; run this again to complete the redeploy"
  ((code == 0)) || die "$code" "$host was not redeployed (exit code $code, see above); the hosts after it were not changed"
}

# --- through the load balancer -----------------------------------------------------------------------------------------

# Prints the instance id and the region from the metadata service. It is sent to the host as a function.
ask_metadata() {
  local base=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254} token path
  token=$(curl -sSf --connect-timeout 2 --max-time 10 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$base/latest/api/token") || return
  for path in instance-id placement/region; do
    curl -sSf --max-time 10 -H "X-aws-ec2-metadata-token: $token" "$base/latest/meta-data/$path" && echo || echo none
  done
}

# find_instance HOST: sets `id` and `region`; '' means this host.
find_instance() {
  local facts=''
  if [[ -z $1 ]]; then
    facts=$(ask_metadata 2>/dev/null) || true
  else
    facts=$({ declare -f ask_metadata && echo ask_metadata; } | on_host "${1%%=*}" 2>/dev/null) || true
  fi
  id=${facts%%$'\n'*} region=${facts#*$'\n'}
  if [[ $1 == *=* ]]; then
    # Otherwise, a mistake in an id would drain another host.
    [[ ! $id =~ ^i-[0-9a-f]{8,17}$ || $id == "${1#*=}" ]] || die 14 "${1%%=*} is $id, not ${1#*=}; correct --host"
    id=${1#*=}
  fi
  [[ $id =~ ^i-[0-9a-f]{8,17}$ ]] ||
    die 14 "the instance id of ${1:-this host} could not be determined, because its metadata service does not respond; set --host HOST=i-…"
  if $standby && [[ ! $region =~ ^[a-z]+(-[a-z]+)+-[0-9]+$ ]]; then
    # The service runs in the same region as its load balancers and their instances.
    call GET /status
    region=$(sed -nE 's/.*"region":"([a-z0-9-]+)".*/\1/p' <<<"$answer")
  fi
}

# call METHOD PATH [BODY]: sets `status` and `answer`. curl reads the token from standard input, because all users can
# see arguments.
call() {
  local token=${API_TOKEN:-} retry=0
  [[ $1 != GET ]] || retry=3
  if [[ -z $token && ${#hosts[@]} -eq 0 ]]; then token=$(token_here); fi
  status=$(printf 'header = "Authorization: Basic %s"\n' "${token%%,*}" |
    curl -sS --config - --max-time 70 --retry $retry -X "$1" ${3:+--data "$3"} -w '%{http_code}' -o "$work/answer" \
      "$api$2" 2>"$work/curl.log") || fail "$work/curl.log" 12 "$api does not respond"
  answer=$(cat "$work/answer")
}

refuse() { die 12 "$1: $api responded with $status $answer"; }

# Prints the ids of the in-service members. Older versions do not return `condition`; the description shows which
# members are draining.
in_service() {
  tr '{' '\n' <<<"$answer" |
    awk '(/"condition":/ ? /"condition":"in-service"/ : /"state":"InService"/ && !/deregistration currently in progress/)' |
    sed -nE 's/.*"instanceId":"(i-[0-9a-f]+)".*/\1/p' || true
}

# No test pipes its input into grep -q, which closes the pipe early; with pipefail, the test of a long response would
# then fail.
has_line() { [[ $'\n'$1$'\n' == *$'\n'"$2"$'\n'* ]]; }
is_member() { [[ $answer == *"\"instanceId\":\"$1\""* ]]; }

read_health() {
  call GET "/elb/$elb/health"
  [[ $status == 200 ]] || refuse "the health of $elb cannot be read"
}

# wait_until WHAT COMMAND...
wait_until() {
  local what=$1 deadline=$((SECONDS + elb_timeout))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || die 12 "timed out after $elb_timeout s while waiting for $what; find the cause in AWS, or set a longer --elb-timeout, and run this again"
    sleep 2
  done
}
is_in_service() { read_health && has_line "$(in_service)" "$1"; }
# Attaches the instance again if it is not a member, because AWS can drop an instance that was attached while draining.
is_in_service_or_attach() {
  is_in_service "$1" && return
  is_member "$1" || call POST "/elb/$elb" "{\"instanceId\":\"$1\"}"
  return 1
}
entry_of() { tr '{' '\n' <<<"$answer" | grep "\"instanceId\":\"$1\"" || true; }
is_out_of_service() { read_health && [[ $(entry_of "$1") != *'"state":"InService"'* ]]; }
is_draining() {
  read_health
  local entry
  entry=$(entry_of "$1")
  [[ $entry == *'"condition":"draining"'* || $entry == *'deregistration currently in progress'* ]]
}

# aws_cli ARGUMENT…: calls the AWS CLI in `region` and prints only its result. Warnings and errors are written to
# $work/aws.log.
aws_cli() { aws "$@" ${region:+--region "$region"} --output text 2>"$work/aws.log"; }
aws_says() { tr -s '\n' ' ' <"$work/aws.log"; }

# In the wrong region or account, the instance would not appear to belong to any group.
need_instance() {
  $standby || return 0
  command -v aws >/dev/null ||
    die 12 "the AWS CLI is missing, so this script cannot check whether $1 is in an Auto Scaling group, which would replace a drained host; install the AWS CLI, or set --no-standby"
  aws_cli ec2 describe-instances --instance-ids "$1" >/dev/null && return
  ! grep -q InvalidInstanceID "$work/aws.log" ||
    die 14 "EC2 has no instance $1 in ${region:-the region of the AWS CLI}; check the id, and the profile of the AWS CLI"
  die 12 "the AWS CLI cannot check whether the instance $1 exists: $(aws_says)"
}

# Sets `asg` and `lifecycle`; both are empty if the instance is not in a group.
read_group() {
  asg='' lifecycle=''
  $standby || return 0
  local text
  text=$(aws_cli autoscaling describe-auto-scaling-instances --instance-ids "$1" \
    --query 'AutoScalingInstances[].[AutoScalingGroupName,LifecycleState]') ||
    die 12 "the AWS CLI cannot check whether $1 is in an Auto Scaling group: $(aws_says)"
  if [[ -n $text && $text != None ]]; then read -r asg lifecycle <<<"$text"; fi
}
is_lifecycle() { read_group "$1" && [[ $lifecycle == "$2" ]]; }

take_out() {
  local id=$1 text
  read_health
  if [[ $(in_service) == "$id" ]]; then
    die 11 "$id is the last healthy host of $elb and was not drained; bring another host into service first"
  fi
  need_instance "$id"
  read_group "$id"
  if $dry_run; then
    step "would take $id out of $elb ${asg:+by Standby in $asg}"
    return
  fi
  if [[ -n $asg ]]; then
    # An interrupted run may have left the instance in transition to or from Standby.
    if [[ $lifecycle == Pending* ]]; then wait_until "$id to be in service in $asg" is_lifecycle "$id" InService; fi
    [[ $lifecycle =~ ^(InService|EnteringStandby|Standby)$ ]] ||
      die 12 "$id cannot enter Standby in $asg, because its state is $lifecycle; run this again when it is InService"
    # This must be set before the call, because a signal during the call does not stop the change in AWS.
    out_of_elb=$id
    if [[ $lifecycle == InService ]]; then
      aws_cli autoscaling enter-standby --instance-ids "$id" --auto-scaling-group-name "$asg" \
        --should-decrement-desired-capacity >/dev/null ||
        die 12 "$id cannot enter Standby (is $asg at its minimum size?): $(aws_says)"
    fi
    wait_until "$id to be in Standby" is_lifecycle "$id" Standby
    step "$id is in Standby in $asg"
  elif is_member "$id"; then
    out_of_elb=$id
    call DELETE "/elb/$elb?instanceId=$id&wait=drained"
    case $status in
    201) ;;
    202) wait_until "$id to be drained" is_out_of_service "$id" ;;
    # Either the instance is not a member, for example after an interrupted run, or the service keeps the last healthy
    # member.
    409)
      text=$answer
      if is_draining "$id"; then wait_until "$id to be drained" is_out_of_service "$id"; fi
      is_out_of_service "$id" || die 11 "$id was not drained: $text"
      ;;
    *) refuse "$id cannot be detached from $elb" ;;
    esac
    step "$id is drained and detached from $elb"
  else
    out_of_elb=$id
    step "$id is not a member of $elb"
  fi
}

# This also runs after a failure, because the host still runs its old version.
rejoin() {
  local id=$1 serves=is_in_service
  out_of_elb=''
  read_group "$id"
  if [[ -n $asg ]]; then
    if [[ $lifecycle == EnteringStandby ]]; then wait_until "$id to be in Standby" is_lifecycle "$id" Standby; fi
    if [[ $lifecycle == Standby ]]; then
      aws_cli autoscaling exit-standby --instance-ids "$id" --auto-scaling-group-name "$asg" >/dev/null ||
        die 12 "$id cannot leave Standby: $(aws_says)"
    fi
    wait_until "$id to be in service in $asg" is_lifecycle "$id" InService
  else
    call POST "/elb/$elb?wait=in-service" "{\"instanceId\":\"$id\"}"
    case $status in 201 | 202 | 409) ;; *) refuse "$id cannot be attached to $elb" ;; esac
    serves=is_in_service_or_attach
  fi
  wait_until "$id to be in service in $elb" "$serves" "$id"
  step "$id is in service in $elb"
}

# --- main --------------------------------------------------------------------------------------------------------------

# redeploy HOST; '' is this host.
redeploy() {
  local id='' region=''
  if [[ -n $1 ]]; then
    where="${1%%=*}: "
    need_ssh "${1%%=*}"
    # Before the load balancer is changed, because this takes minutes and can fail.
    if $send_image && ! $dry_run; then send_image "${1%%=*}"; fi
  else
    need_env_file
  fi
  if [[ -n $elb ]]; then
    find_instance "$1"
    take_out "$id"
  fi
  if [[ -n $1 ]]; then replace_on "${1%%=*}"; else replace_here; fi
  if [[ -n $elb ]] && ! $dry_run; then rejoin "$id"; fi
}

main() {
  parse "$@"
  work=$(mktemp -d "${TMPDIR:-/tmp}/$name.XXXXXX") || die 7 "no folder can be created in ${TMPDIR:-/tmp}; check whether the disk is full"
  trap on_exit EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 141' PIPE
  trap 'exit 143' TERM
  warn_of_http
  if $rollback || [[ -n $built$pull ]]; then repo=''; else find_repo; fi
  if ((${#hosts[@]} == 0)); then
    redeploy ''
    return
  fi
  if [[ -n $elb && -z ${API_TOKEN:-} ]]; then die 6 "API_TOKEN is not set; --elb sends it to $api"; fi
  if $send_image && ! $dry_run; then need_docker; fi
  local host
  for host in "${hosts[@]}"; do redeploy "$host"; done
}

# In braces, so that bash reads the whole script from standard input before it runs. Not with &&, which would disable
# errexit.
{
  main "$@" </dev/null
  exit
}
