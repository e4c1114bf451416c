#!/usr/bin/env bash
# Builds the deploy API's image, pushes it, and writes its digest into an overlay: what runs is then named exactly, and a
# tag that somebody pushes again changes nothing until this is run again.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: build-and-push.sh [options] VERSION

  VERSION            tag of the image, for people: 0.2.0
  --overlay NAME     overlay whose image is written, or the one it shares (calvinruntime)
  --image NAME       registry and name (registry.digitalocean.com/calvin-apps/kserve-api)
  --base IMAGE       base image by digest: python:3.11-slim@sha256:…
  --platform NAME    what the nodes are (linux/amd64)
  --apply            apply the overlay, and wait until the service is ready
  --dry-run          say what would be done, and do nothing

Needs docker with buildx, logged in at the registry (doctl registry login); --apply needs kubectl.
TEXT
}

fail() {
    echo "build-and-push.sh: $*" >&2
    exit 1
}

wrong_usage() {
    echo "build-and-push.sh: $*; --help says what it takes" >&2
    exit 2
}

# Runs a command, or prints it where nothing is to be done.
run() {
    if [[ $dry_run == yes ]]; then
        printf 'would run:'
        printf ' %q' "$@"
        printf '\n'
    else
        "$@"
    fi
}

overlay=calvinruntime
image=registry.digitalocean.com/calvin-apps/kserve-api
base=
platform=linux/amd64
apply=no
dry_run=no
version=

while (($#)); do
    case $1 in
        --overlay | --image | --base | --platform)
            [[ -n ${2:-} ]] || wrong_usage "$1 needs a value"
            declare "${1#--}=$2"
            shift
            ;;
        --apply) apply=yes ;;
        --dry-run) dry_run=yes ;;
        --help | -h)
            usage
            exit 0
            ;;
        -*) wrong_usage "there is no option $1" ;;
        *)
            [[ -z $version ]] || wrong_usage "one VERSION is enough: $version or $1"
            version=$1
            ;;
    esac
    shift
done

[[ -n $version ]] || wrong_usage "VERSION is missing"
[[ $version =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || wrong_usage "$version is no tag: letters, digits, _ . and -"
[[ $version != latest ]] || wrong_usage "latest says nothing of what is in the image: name a version"
[[ $image =~ ^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+$ ]] || wrong_usage "$image is no registry and name without a tag"
[[ -z $base || $base =~ @sha256:[0-9a-f]{64}$ ]] || wrong_usage "$base is no image by digest: NAME@sha256:…"
[[ $overlay =~ ^[a-z0-9-]+$ ]] || wrong_usage "$overlay is no name of an overlay"

kit=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
root=$(cd -- "$kit/../../.." && pwd)
[[ -f $kit/overlays/$overlay/kustomization.yaml ]] || fail "there is no overlay $overlay in $kit/overlays"
# An overlay has an image of its own, or names the one of another as `../NAME/image`.
owner=$overlay
if [[ ! -d $kit/overlays/$overlay/image ]]; then
    owner=$(sed -n 's#^ *- \.\./\([a-z0-9-]*\)/image$#\1#p' "$kit/overlays/$overlay/kustomization.yaml")
    [[ -n $owner ]] || fail "overlay $overlay has no component image: copy overlays/calvinruntime/image, and name it there"
fi
pinned=$kit/overlays/$owner/image/kustomization.yaml

command -v docker > /dev/null || fail "docker is not on the path"
[[ $apply == no ]] || command -v kubectl > /dev/null || fail "--apply needs kubectl on the path"

revision=$(git -C "$root" rev-parse HEAD)
# A label that says a commit says that nothing else is in the image.
[[ -z $(git -C "$root" status --porcelain -- services/kserve_api) ]] || revision+=-changed

build=(docker buildx build --platform "$platform" --push --file "$root/services/kserve_api/Dockerfile"
    --build-arg "REVISION=$revision" --tag "$image:$version")
[[ -z $base ]] || build+=(--build-arg "PYTHON_IMAGE=$base")
run "${build[@]}" "$root"

if [[ $dry_run == yes ]]; then
    echo "would ask the registry for the digest of $image:$version, and write it into ${pinned#"$root"/}"
else
    digest=$(docker buildx imagetools inspect "$image:$version" --format '{{.Manifest.Digest}}')
    [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || fail "the registry names no digest of $image:$version, but: $digest"
    cat > "$pinned.new" << TEXT
# Written by build-and-push.sh: which image runs. By digest: a tag that is pushed again does not roll out by itself.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
images:
  # $version, built from $revision
  - name: kserve-api
    newName: $image
    digest: $digest
TEXT
    mv -- "$pinned.new" "$pinned"
    echo "pushed  $image:$version"
    echo "digest  $digest"
    echo "written ${pinned#"$root"/}"
fi

if [[ $apply == no ]]; then
    echo "next    kubectl apply -k ${kit#"$root"/}/overlays/$overlay"
    exit 0
fi
run kubectl apply -k "$kit/overlays/$overlay"
if kubectl kustomize "$kit/overlays/$overlay" | grep -q '^kind: Deployment$'; then
    run kubectl rollout status deployment/kserve-api --namespace kserve-api --timeout=180s
else
    run kubectl wait ksvc/kserve-api --namespace kserve-api --for=condition=Ready --timeout=180s
fi
