#!/usr/bin/env bash
# Installs the clients that the walks drive, where they are lacking, and prints
# the variables by which the tests find them:
#
#   tools=$(scripts/ci-tools.sh) && eval "$tools"
#
# A new client is one more entry: a Debian package, a line of
# integration/testdata/python/requirements.txt, a dependency in
# integration/testdata/node/package.json, a Go program below, or one of our own
# around a library in integration/testdata/go. What can't be installed fails
# here; no test is skipped for lack of its client.
set -euo pipefail
exec 3>&1 1>&2 # what the installers say is not for eval
cd "$(dirname "$0")/.."

store=${SEALSTACK_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/sealstack}
mkdir -p "$store/bin"

give() { printf 'export %s=%q\n' "$1" "$2" >&3; }
fail() { printf 'ci-tools: %s\n' "$*"; exit 1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Debian packages, by the program that each is for.
lacking=()
need() { [ -x "$1" ] || command -v "$1" >/dev/null || lacking+=("${@:2}"); }
need gcc gcc libc6-dev # the race detector needs cgo
need /usr/bin/aws awscli
need python3 python3 python3-venv
need node nodejs npm
need curl curl ca-certificates
need openssl openssl
need /usr/bin/rclone rclone
need /usr/bin/s3cmd s3cmd
need /usr/bin/restic restic
need /usr/bin/chromium chromium
if [ ${#lacking[@]} -gt 0 ]; then
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${lacking[@]}" >/dev/null
fi

# A virtual environment with the packages of a requirements file, made anew
# when the file changes.
environment() {
  local dir=$store/$1 wanted=$2
  cmp -s "$wanted" "$dir/installed.txt" && return
  rm -rf "$dir"
  python3 -m venv "$dir"
  "$dir/bin/pip" install -q -r "$wanted"
  cp "$wanted" "$dir/installed.txt"
}
environment python integration/testdata/python/requirements.txt

# AWS CLI v1 pins its botocore, so it has an environment of its own.
environment awscli1 integration/testdata/python/awscli1.txt

# Node's packages, beside the scripts that import them.
node=integration/testdata/node
if ! cmp -s $node/package-lock.json $node/node_modules/.installed.json; then
  npm --prefix $node ci --no-fund --no-audit
  cp $node/package-lock.json $node/node_modules/.installed.json
fi

# Go programs that Debian lacks: name, package, version.
program() {
  local at=$store/bin/$1-$3
  [ -x "$at" ] && return
  GOBIN=$store/bin GOFLAGS=-mod=mod go install "$2@$3"
  mv "$store/bin/$1" "$at"
}
mc=v0.0.0-20250313080218-cf909e1063a9
program mc github.com/minio/mc $mc

sops=v3.13.3
program sops github.com/getsops/sops/v3/cmd/sops $sops

# Go programs of our own around clients that are libraries.
GOFLAGS=-mod=readonly go build -C integration/testdata/go -o "$store/bin/" ./...

# Terraform can't be built by its version (its modules replace one another) and
# no package registry has it: the machine must.
terraform=$(command -v terraform) || fail "terraform 1.11 or later is not on the path"

give SEALSTACK_AWS_CLI "$store/awscli1/bin/aws:/usr/bin/aws"
give SEALSTACK_PYTHON "$store/python/bin/python"
give SEALSTACK_NODE "$(command -v node)"
give SEALSTACK_RCLONE /usr/bin/rclone
give SEALSTACK_S3CMD /usr/bin/s3cmd
give SEALSTACK_RESTIC /usr/bin/restic
give SEALSTACK_MC "$store/bin/mc-$mc"
give SEALSTACK_SOPS "$store/bin/sops-$sops"
give SEALSTACK_TINK "$store/bin/tink"
give SEALSTACK_SIGSTORE "$store/bin/sigstore"
give SEALSTACK_AWSLOGS "$store/bin/awslogs"
give SEALSTACK_TERRAFORM "$terraform"
give SEALSTACK_CHROMIUM /usr/bin/chromium
