#!/usr/bin/env bash
# Writes a copy of this package that uses CDK Terrain, the fork of CDK for Terraform, to the folder DEST. Only the imports and
# dependencies differ. To migrate, replace this folder with the copy.
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
