#!/usr/bin/env bash
# Writes this package to the folder DEST as it is on CDK Terrain, the fork of CDK for Terraform: the imports and the
# dependencies are renamed, nothing else. To move for good, run it on a copy and put that in place of this folder.
set -euo pipefail
dest=${1:?usage: to-cdktn.sh DEST}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p "$dest"
cp -R -- *.ts boot config constructs monitoring test package.json tsconfig.json cdktf.json .mocharc.json "$dest"
cd "$dest"
find . -name node_modules -prune -o -name '*.ts' -exec sed -i.bak -E "s#'@cdktf/provider-aws#'@cdktn/provider-aws#; s#'cdktf'#'cdktn'#" {} +
find . -name node_modules -prune -o -name '*.bak' -exec rm {} +
sed -i.bak -E 's#"@cdktf/provider-aws": "[^"]+"#"@cdktn/provider-aws": "25.7.0"#; s#"cdktf": "[^"]+"#"cdktn": "0.24.0"#; s#cdktf-cli#cdktn-cli#' package.json
rm package.json.bak
