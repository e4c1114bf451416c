#!/usr/bin/env bash
# Builds the image of a kit in this folder, pushes it, and writes its digest into an overlay: what runs is then named
# exactly, and a tag that somebody pushes again changes nothing until this is run again.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: build-and-push.sh [options] KIT VERSION

  KIT                folder beside this script: kserve-api, scheduler
  VERSION            tag of the image, for people: 0.2.0
  --overlay NAME     overlay whose image is written, or the one it shares (calvinruntime)
  --image NAME       registry and name (registry.digitalocean.com/calvin-apps/KIT)
  --base IMAGE       base image by digest: python:3.11-slim@sha256:…
  --platform NAME    what the nodes are (linux/amd64)
  --apply            apply the overlay, and wait until what it runs is ready
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
image=
base=
platform=linux/amd64
apply=no
dry_run=no
kit=
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
            [[ -z $version ]] || wrong_usage "one KIT and one VERSION are enough: $kit $version, or $1"
            if [[ -z $kit ]]; then kit=$1; else version=$1; fi
            ;;
    esac
    shift
done

[[ -n $kit ]] || wrong_usage "KIT and VERSION are missing"
[[ -n $version ]] || wrong_usage "KIT or VERSION is missing"
[[ $kit =~ ^[a-z0-9-]+$ ]] || wrong_usage "$kit is no name of a kit"
image=${image:-registry.digitalocean.com/calvin-apps/$kit}
[[ $version =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || wrong_usage "$version is no tag: letters, digits, _ . and -"
[[ $version != latest ]] || wrong_usage "latest says nothing of what is in the image: name a version"
[[ $image =~ ^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+$ ]] || wrong_usage "$image is no registry and name without a tag"
[[ -z $base || $base =~ @sha256:[0-9a-f]{64}$ ]] || wrong_usage "$base is no image by digest: NAME@sha256:…"
[[ $overlay =~ ^[a-z0-9-]+$ ]] || wrong_usage "$overlay is no name of an overlay"

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
overlays=$root/deploy/kubernetes/$kit/overlays
service=services/${kit//-/_}
[[ -d $overlays && -f $root/$service/Dockerfile ]] || fail "there is no kit $kit with an image of $service"
[[ -f $overlays/$overlay/kustomization.yaml ]] || fail "there is no overlay $overlay in $overlays"
# An overlay has an image of its own, or names the one of another as `../NAME/image`.
owner=$overlay
if [[ ! -d $overlays/$overlay/image ]]; then
    owner=$(sed -n 's#^ *- \.\./\([a-z0-9-]*\)/image$#\1#p' "$overlays/$overlay/kustomization.yaml")
    [[ -n $owner ]] || fail "overlay $overlay has no component image: copy overlays/calvinruntime/image, and name it there"
fi
pinned=$overlays/$owner/image/kustomization.yaml

command -v docker > /dev/null || fail "docker is not on the path"
[[ $apply == no ]] || command -v kubectl > /dev/null || fail "--apply needs kubectl on the path"

revision=$(git -C "$root" rev-parse HEAD)
# A label that says a commit says that nothing else is in the image.
[[ -z $(git -C "$root" status --porcelain -- $service) ]] || revision+=-changed

build=(docker buildx build --platform "$platform" --push --file "$root/$service/Dockerfile"
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
  - name: $kit
    newName: $image
    digest: $digest
TEXT
    mv -- "$pinned.new" "$pinned"
    echo "pushed  $image:$version"
    echo "digest  $digest"
    echo "written ${pinned#"$root"/}"
fi

if [[ $apply == no ]]; then
    echo "next    kubectl apply -k ${overlays#"$root"/}/$overlay"
    exit 0
fi
run kubectl apply -k "$overlays/$overlay"
# What has pods is in the namespace of the kit's name.
kubectl kustomize "$overlays/$overlay" | awk '
    /^kind: / { kind = $2 } /^apiVersion: / { group = $2 }
    /^  name: / && kind == "Deployment" { print "deployment/" $2; kind = "" }
    /^  name: / && kind == "Service" && group ~ /^serving.knative.dev/ { print "ksvc/" $2; kind = "" }
    /^---$/ { kind = group = "" }
' | while read -r workload; do
    if [[ $workload == deployment/* ]]; then
        run kubectl rollout status "$workload" --namespace "$kit" --timeout=180s
    else
        run kubectl wait "$workload" --namespace "$kit" --for=condition=Ready --timeout=180s
    fi
done
