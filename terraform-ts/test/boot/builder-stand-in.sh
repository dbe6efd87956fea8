#!/bin/bash
# Replaces scripts/builder.sh in the cloned repository: records its call and its version.
echo "builder.sh of $(git describe --tags --exact-match) in $PWD: $*" >>/stand/calls
! grep -qxF builder.sh /stand/faults
