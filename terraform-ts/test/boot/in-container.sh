#!/bin/bash
# Boots, and puts what the boot left in /stand/left, where the test can read it once the container is gone.
bash /stand/user-data.sh
code=$?
cd / || exit
for file in root/.env opt/aws/amazon-cloudwatch-agent/etc/host.json etc/docker/daemon.json; do
  [[ ! -e $file ]] || cp --parents --preserve=mode "$file" /stand/left
done
exit "$code"
