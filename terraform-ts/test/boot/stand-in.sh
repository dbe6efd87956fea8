#!/bin/bash
# Replaces a program of Amazon Linux or AWS: records its call, prints the answer that a first boot needs, and fails if
# /stand/faults lists the call.
name=${0##*/}
call="$name $*"
echo "$call" >>/stand/calls
fault() { grep -qxF "$1" /stand/faults; }
case $call in
  'cloud-init query v1.instance_id') echo i-0123456789abcdef0 ;;
  'aws ssm get-parameter'*)
    if fault 'aws ssm get-parameter'; then
      echo 'An error occurred (ParameterNotFound)' >&2
      exit 254
    fi
    if fault 'aws ssm get-parameter twice' && (($(grep -c '^aws ssm' /stand/calls) < 3)); then exit 253; fi
    fault 'empty token' || echo "$STAND_IN_TOKEN"
    ;;
  dnf*) ! fault dnf ;;
  dd*) : >/swapfile ;;
esac
