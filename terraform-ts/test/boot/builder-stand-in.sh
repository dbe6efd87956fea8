#!/bin/bash
# Stands in for scripts/builder.sh in the repository that a boot clones: takes down its call and the version it is of.
echo "builder.sh of $(git describe --tags --exact-match) in $PWD: $*" >>/stand/calls
! grep -qxF builder.sh /stand/faults
