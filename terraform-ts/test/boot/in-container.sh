#!/bin/bash
# Boots, and copies the written files to /stand/left, where the test reads them after the container has ended.
bash /stand/user-data.sh
code=$?
cd / || exit
for file in root/.env opt/aws/amazon-cloudwatch-agent/etc/* etc/docker/daemon.json; do
  [[ ! -e $file ]] || cp --parents --preserve=mode "$file" /stand/left
done
exit "$code"
