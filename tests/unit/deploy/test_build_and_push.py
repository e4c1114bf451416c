"""deploy/kubernetes/build-and-push.sh, with programs on the path that note how they were called."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.sample_index import ROOT

KITS = Path("deploy/kubernetes")
SCRIPT = KITS / "build-and-push.sh"
DIGEST = "sha256:" + "5e" * 32
IMAGE = "registry.digitalocean.com/calvin-apps/kserve-api"

DOCKER = f"""#!/bin/sh
echo "docker $*" >> "$CALLS"
case "$2" in
  build) exit "${{BUILD_STATUS:-0}}" ;;
  imagetools) echo "${{TOLD_DIGEST:-{DIGEST}}}" ;;
esac
"""
GIT = """#!/bin/sh
case "$*" in
  *rev-parse*) echo 0123456789abcdef ;;
  *status*) printf '%s' "$CHANGED" ;;
esac
"""
KUBECTL = """#!/bin/sh
echo "kubectl $*" >> "$CALLS"
[ "$1" = kustomize ] && cat "$RENDERED"
exit 0
"""


@dataclass(frozen=True)
class Workplace:
    """A copy of the kit, and a path with nothing but the programs above and those of the system."""

    root: Path
    programs: Path

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.root / SCRIPT), *arguments],
            env={
                "PATH": f"{self.programs}:/usr/bin:/bin",
                "CALLS": str(self.root / "calls"),
                "RENDERED": str(self.root / "rendered.yaml"),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @property
    def calls(self) -> list[str]:
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def image(self, overlay: str = "calvinruntime", kit: str = "kserve-api") -> dict[str, str]:
        text = (self.root / KITS / kit / "overlays" / overlay / "image/kustomization.yaml").read_text()
        [image] = yaml.safe_load(text)["images"]
        return dict(image)


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    shutil.copytree(ROOT / KITS, tmp_path / KITS)
    for service in ("kserve_api", "scheduler"):
        (tmp_path / "services" / service).mkdir(parents=True)
        (tmp_path / "services" / service / "Dockerfile").touch()
    (tmp_path / "rendered.yaml").touch()
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (("docker", DOCKER), ("git", GIT), ("kubectl", KUBECTL)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return Workplace(tmp_path, programs)


def test_the_image_is_built_pushed_and_written_by_digest(workplace: Workplace) -> None:
    """KS-11: build and push; an overlay names the digest that the registry has, not the tag."""
    done = workplace.run("kserve-api", "0.2.0")
    assert done.returncode == 0, done.stderr
    build, ask = workplace.calls
    assert build.startswith("docker buildx build --platform linux/amd64 --push")
    assert f"--file {workplace.root}/services/kserve_api/Dockerfile" in build
    assert f"--tag {IMAGE}:0.2.0" in build
    assert "--build-arg REVISION=0123456789abcdef " in build
    assert build.endswith(f" {workplace.root}")
    assert ask == f"docker buildx imagetools inspect {IMAGE}:0.2.0 --format {{{{.Manifest.Digest}}}}"
    assert workplace.image() == {"name": "kserve-api", "newName": IMAGE, "digest": DIGEST}
    assert DIGEST in done.stdout
    assert "kubectl apply -k deploy/kubernetes/kserve-api/overlays/calvinruntime" in done.stdout


def test_a_tag_pushed_again_is_written_with_its_new_digest(workplace: Workplace) -> None:
    """Flow update by tag: the same tag, another image: the overlay changes, so applying it rolls out."""
    again = "sha256:" + "a7" * 32
    assert workplace.run("kserve-api", "0.2.0").returncode == 0
    assert workplace.run("kserve-api", "0.2.0", TOLD_DIGEST=again).returncode == 0
    assert workplace.image()["digest"] == again


def test_an_image_of_changed_files_says_so(workplace: Workplace) -> None:
    assert workplace.run("kserve-api", "0.2.0", CHANGED=" M services/kserve_api/settings.py").returncode == 0
    assert "REVISION=0123456789abcdef-changed" in workplace.calls[0]


def test_a_dry_run_does_nothing(workplace: Workplace) -> None:
    before = workplace.image()
    done = workplace.run("--dry-run", "--apply", "kserve-api", "0.2.0")
    assert done.returncode == 0, done.stderr
    assert not [call for call in workplace.calls if not call.startswith("kubectl kustomize")]
    assert workplace.image() == before
    assert "would run: docker buildx build" in done.stdout
    assert "would run: kubectl apply -k" in done.stdout


KSVC = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  labels: {}\n  name: kserve-api\n"
DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels: {}\n  name: {name}\nspec:\n  name: no\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: no\n"


@pytest.mark.parametrize(
    ("overlay", "rendered", "waits"),
    [
        ("calvinruntime", KSVC, "kubectl wait ksvc/kserve-api --namespace kserve-api --for=condition=Ready"),
        (
            "plain",
            SERVICE + "---\n" + DEPLOYMENT.replace("{name}", "kserve-api"),
            "kubectl rollout status deployment/kserve-api --namespace kserve-api",
        ),
    ],
    ids=["knative", "plain"],
)
def test_applied_it_waits_until_the_service_is_ready(
    workplace: Workplace, overlay: str, rendered: str, waits: str
) -> None:
    (workplace.root / "rendered.yaml").write_text(rendered)
    done = workplace.run("--overlay", overlay, "--apply", "kserve-api", "0.2.0")
    assert done.returncode == 0, done.stderr
    assert f"kubectl apply -k {workplace.root}/{KITS}/kserve-api/overlays/{overlay}" in workplace.calls
    assert workplace.calls[-1].startswith(waits)
    assert "/no " not in "".join(workplace.calls)
    assert workplace.image()["digest"] == DIGEST  # The overlay plain names the image of calvinruntime.


def test_a_kit_with_two_roles_gets_one_image_and_is_waited_for_as_a_whole(workplace: Workplace) -> None:
    """SC-13: API and worker are one image, named once."""
    roles = [DEPLOYMENT.replace("{name}", name) for name in ("scheduler-api", "scheduler-worker")]
    (workplace.root / "rendered.yaml").write_text("---\n".join(roles))
    done = workplace.run("--apply", "scheduler", "0.2.0")
    assert done.returncode == 0, done.stderr
    assert f"--file {workplace.root}/services/scheduler/Dockerfile" in workplace.calls[0]
    image = IMAGE.replace("kserve-api", "scheduler")
    assert f"--tag {image}:0.2.0" in workplace.calls[0]
    assert workplace.image(kit="scheduler") == {"name": "scheduler", "newName": image, "digest": DIGEST}
    assert [call.split(" --")[0] for call in workplace.calls[-2:]] == [
        "kubectl rollout status deployment/scheduler-api",
        "kubectl rollout status deployment/scheduler-worker",
    ]


def test_a_kit_that_is_not_there_is_named(workplace: Workplace) -> None:
    done = workplace.run("examples", "0.2.0")
    assert (done.returncode, workplace.calls) == (1, [])
    assert "no kit examples" in done.stderr


def test_another_registry_and_base_can_be_named(workplace: Workplace) -> None:
    """KS-11: the registry is a default, not a law."""
    base = f"python:3.11-slim@{DIGEST}"
    image = "registry.example.com:5000/platform/kserve-api"
    done = workplace.run("--overlay", "own-domain", "--image", image, "--base", base, "kserve-api", "0.2.0")
    assert done.returncode == 0, done.stderr
    assert f"--build-arg PYTHON_IMAGE={base}" in workplace.calls[0]
    assert workplace.image("own-domain") == {"name": "kserve-api", "newName": image, "digest": DIGEST}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "KIT and VERSION are missing"),
        (("0.2.0",), "KIT or VERSION is missing"),
        (("../kits", "0.2.0"), "no name of a kit"),
        (("kserve-api", "latest"), "latest says nothing"),
        (("kserve-api", "0.2 0"), "is no tag"),
        (("kserve-api", "0.2.0", "0.3.0"), "one VERSION are enough"),
        (("--force", "kserve-api", "0.2.0"), "no option --force"),
        (("kserve-api", "0.2.0", "--overlay"), "--overlay needs a value"),
        (("--overlay", "../plain", "kserve-api", "0.2.0"), "no name of an overlay"),
        (("--image", "registry.example.com/app:1", "kserve-api", "0.2.0"), "without a tag"),
        (("--base", "python:3.11-slim", "kserve-api", "0.2.0"), "no image by digest"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_done(
    workplace: Workplace, arguments: tuple[str, ...], words: str
) -> None:
    done = workplace.run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert workplace.calls == []


def test_an_overlay_that_is_not_there_is_named(workplace: Workplace) -> None:
    done = workplace.run("--overlay", "staging", "kserve-api", "0.2.0")
    assert (done.returncode, workplace.calls) == (1, [])
    assert "no overlay staging" in done.stderr


def test_a_failed_build_leaves_the_overlay_as_it_was(workplace: Workplace) -> None:
    before = workplace.image()
    done = workplace.run("--apply", "kserve-api", "0.2.0", BUILD_STATUS="7")
    assert done.returncode == 7
    assert workplace.image() == before
    assert len(workplace.calls) == 1


def test_what_is_no_digest_is_not_written(workplace: Workplace) -> None:
    before = workplace.image()
    done = workplace.run("kserve-api", "0.2.0", TOLD_DIGEST="<no value>")
    assert done.returncode == 1
    assert "names no digest" in done.stderr
    assert workplace.image() == before


def test_without_docker_it_says_what_is_missing(workplace: Workplace) -> None:
    (workplace.programs / "docker").unlink()
    bare = workplace.root / "bare"
    bare.mkdir()
    for name in ("bash", "env", "sed", "dirname", "cat"):
        found = shutil.which(name)
        assert found
        (bare / name).symlink_to(found)
    done = workplace.run("kserve-api", "0.2.0", PATH=f"{workplace.programs}:{bare}")
    assert done.returncode == 1
    assert "docker is not on the path" in done.stderr


def test_shellcheck_finds_nothing() -> None:
    program = shutil.which("shellcheck")
    if program is None:
        pytest.skip("shellcheck is not installed")
    done = subprocess.run([program, str(ROOT / SCRIPT)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
