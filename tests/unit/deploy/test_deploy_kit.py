"""The deploy kit's files agree with `sevalla.yml`, and a slip in any of them is named."""

from __future__ import annotations

import pytest

from checks.deploy_kit.files import read_files
from checks.deploy_kit.kit import kit_mistakes
from tests.sample_index import ROOT

KIT = read_files(ROOT)

# For each file: what is replaced, by what, and a word of what must be said about it.
DESCRIPTOR = {
    "unknown key": ("auto_deploy: false", "auto_deploy: false\nregion: eu", "region"),
    "automatic deployment": ("auto_deploy: false", "auto_deploy: true", "auto_deploy"),
    "reserved port": ("port: 8501", "port: 15020", "keeps this port"),
    "another port": ("port: 8501", "port: 8502", "${PORT:-8502}"),
    "unknown size": ("size: S2", "size: S9", "no size S9"),
    "without exec": ("exec streamlit", "streamlit", "start"),
    "header of anyone": ("--no-proxy-headers", "--proxy-headers --forwarded-allow-ips='*'", "--no-proxy-headers"),
    "no graceful end": (" --timeout-graceful-shutdown 20", "", "--timeout-graceful-shutdown 20"),
    "two workers": ("--workers 1", "--workers 2", "--workers 1"),
    "public back end": ("public: false", "public: true", "would be public"),
    "no such route": ("path: /readyz", "path: /healthz", "/healthz"),
    "restarts with the store": ("path: /livez", "path: /readyz", "one path for both"),
    "Streamlit's any path": ("readiness: {path: /_stcore/health", "readiness: {path: /healthz", "200"),
    "body not asked": (", body: ok}\n      liveness", "}\n      liveness", "body"),
    "secret with a value": ("{name: FINRAG_API_KEY, secret: true}", "{name: FINRAG_API_KEY, value: abc}", "secret"),
    "secret with an example": (
        "AWS_ACCESS_KEY_ID, secret: true",
        "AWS_ACCESS_KEY_ID, secret: true, example: a",
        "secret",
    ),
    "secret of build time": ("FINRAG_API_KEY, secret: true", "FINRAG_API_KEY, secret: true, scope: build", "scope"),
    "token of who deploys": ("name: OPENAI_API_KEY", "name: SEVALLA_API_TOKEN", "SEVALLA_API_TOKEN"),
    "parenthesis": ("value: us-east-1", "value: us(east)", "parenthesis"),
    "unknown setting": ("name: FINRAG_CACHE_MB", "name: FINRAG_CACHE_SIZE", "FINRAG_CACHE_SIZE"),
    "wrong setting": ('value: "4096"', 'value: "much"', "FINRAG_CACHE_MB"),
    "back end by compose's name": ("http://internal-hostname:8000", "http://backend:8000", "BACKEND_URL"),
    "back end's other port": ("internal-hostname:8000", "internal-hostname:8080", "BACKEND_URL"),
    "back end's fixed name": (
        '{name: BACKEND_URL, example: "http://internal-hostname:8000"}',
        '{name: BACKEND_URL, value: "http://finrag-backend-x1:8000"}',
        "BACKEND_URL has a value",
    ),
    "another lock": ("requirements: requirements/backend.txt", "requirements: requirements/ingest.txt", "ingest"),
    "no internal connection": ("  - [frontend, backend]", "  []", "internal_connections"),
}
PROCFILE = {
    "no colon": ("web: exec", "web exec", "name: command"),
    "no space": ("web: exec", "web:exec", "name: command"),
    "no exec": ("exec uvicorn", "uvicorn", "web does not start"),
    "another port": ("${PORT:-8501}", "${PORT:-8502}", "frontend does not start"),
    "another option": ("--no-server-header ", "", "web does not start"),
    "other order": ("web: ", "later: ", "later is no process"),
    "release": ("web: ", "release: true\nweb: ", "release"),
    "end of YAML": ("--workers 1", "--workers 1 #", "' #'"),
    "only one": ("\nfrontend: ", "\n# ", "processes are web"),
}
NIXPACKS = {
    "no TOML": ('providers = ["python"]', 'providers = ["python"', "TOML"),
    "no provider": ('providers = ["python"]', "providers = []", "Python 3.11"),
    "packages replaced": ('nixPkgs = ["..."]', 'nixPkgs = ["git"]', "nixPkgs"),
    "libraries replaced": ('nixLibs = ["..."]', 'nixLibs = ["openssl"]', "stdenv.cc.cc.lib"),
    "another Python": ('PYTHON_VERSION = "3.11"', 'PYTHON_VERSION = "3.14"', "3.11"),
    "no environment": ("python -m venv --copies /opt/venv && ", "", "/opt/venv"),
    "outside the environment": (". /opt/venv/bin/activate && ", "", "activate"),
    "no hashes": (" --require-hashes", "", "--require-hashes"),
    "built from source": (" --only-binary=:all:", "", "--only-binary"),
    "another lock": ("-r requirements/backend.txt", "-r requirements/ingest.txt", "requirements/backend.txt alone"),
    "lock not there": ('onlyIncludeFiles = ["requirements/backend.txt"]\n', "", "onlyIncludeFiles"),
    "not in the path": ('paths = ["..."]', 'paths = ["/usr/bin"]', "PATH"),
    "more threads": ('POLARS_MAX_THREADS = "1"', 'POLARS_MAX_THREADS = "4"', "POLARS_MAX_THREADS"),
    "number for text": ('OMP_NUM_THREADS = "1"', "OMP_NUM_THREADS = 1", "OMP_NUM_THREADS"),
    "secret in the image": ("[variables]", '[variables]\nFINRAG_API_KEY = "x"', "FINRAG_API_KEY"),
    "other cache": ('"/tmp/finrag_cache"', '"/cache"', "FINRAG_CACHE_DIR"),
    "code not found": ('"/app/ModelPipeline:/app"', '"/app"', "PYTHONPATH"),
    "another start": ("--workers 1", "--workers 2", "cmd"),
    "no exec": ('cmd = "exec ', 'cmd = "', "cmd"),
    "another image to run in": ("[start]", '[start]\nrunImage = "debian:bookworm-slim"', "runImage"),
    "build before install": ('dependsOn = ["install"]', 'dependsOn = ["setup"]', "wait for install"),
}
NIXPACKS_FRONTEND = {
    "lock of the back end": ("-r requirements/frontend.txt", "-r requirements/backend.txt", "frontend.txt alone"),
    "more threads": ('OMP_NUM_THREADS = "1"', 'OMP_NUM_THREADS = "2"', "OMP_NUM_THREADS"),
    "another port": ("${PORT:-8501}", "${PORT:-8000}", "cmd"),
    "secret in the image": ("[variables]", '[variables]\nSTREAMLIT_SERVER_COOKIE_SECRET = "x"', "COOKIE_SECRET"),
}
IMAGE = {
    "another start": ("--timeout-keep-alive 65 ", "", "CMD"),
    "another port": ("EXPOSE 8000", "EXPOSE 8080", "EXPOSE"),
    "more threads": ("OMP_NUM_THREADS=1", "OMP_NUM_THREADS=2", "OMP_NUM_THREADS"),
    "no arena limit": ("MALLOC_ARENA_MAX=2", "MALLOC_TRIM=1", "MALLOC_ARENA_MAX"),
    "another cache": ("FINRAG_CACHE_DIR=/tmp/finrag_cache", "FINRAG_CACHE_DIR=/cache", "FINRAG_CACHE_DIR"),
    "another probe": ("'/livez'", "'/health'", "/livez"),
    "another lock": ("COPY requirements/backend.txt", "COPY requirements/ingest.txt", "requirements/backend.txt"),
}
FRONTEND_IMAGE = {
    "body not asked": ("body != b'ok'", "False", "body ok"),
    "another start": ("exec streamlit run", "exec python -m streamlit run", "CMD"),
    "another port": ("'PORT', '8501'", "'PORT', '8000'", "8501"),
}
COMPOSE = {
    "no YAML": ("services:", "services: [", "services"),
    "one service more": ("services:\n", "services:\n  redis: {image: redis}\n", "redis"),
    "more memory": ("          memory: 2000m", "          memory: 4g", "2000m"),
    "swap": ("memswap_limit: 2000m", "memswap_limit: 4000m", "memswap_limit"),
    "more CPUs": ('cpus: "0.5"', 'cpus: "2"', "0.5"),
    "published back end": ('expose:\n      - "8000"', 'ports:\n      - "8000:8000"', "from outside"),
    "front end not published": ('    ports:\n      - "127.0.0.1:8501:8501"\n', "", "nothing, not port 8501"),
    "another port": ('127.0.0.1:8501:8501"', '127.0.0.1:80:8080"', "8080"),
    "secret with a value": ("      OPENAI_API_KEY:\n", "      OPENAI_API_KEY: abc\n", "OPENAI_API_KEY"),
    "secret with a default": ("      OPENAI_API_KEY:\n", "      OPENAI_API_KEY: ${KEY:-a}\n", "OPENAI_API_KEY"),
    "not passed on": ("      FINRAG_TRUSTED_PROXIES:\n", "", "FINRAG_TRUSTED_PROXIES"),
    "other cache size": ('FINRAG_CACHE_MB: "4096"', 'FINRAG_CACHE_MB: "100"', "FINRAG_CACHE_MB"),
    "other default": ("${LOG_LEVEL:-info}", "${LOG_LEVEL:-debug}", "LOG_LEVEL"),
    "more threads": (
        "    environment:\n      FIN",
        '    environment:\n      OMP_NUM_THREADS: "4"\n      FIN',
        "OMP_NUM",
    ),
    "another back end": ("http://backend:8000", "http://backend:8001", "BACKEND_URL"),
    "another command": (
        "    read_only: true\n    cap",
        "    command: uvicorn\n    read_only: true\n    cap",
        "command",
    ),
    "another Dockerfile": ("Dockerfile.frontend", "Dockerfile.indexer", "Dockerfile.frontend"),
    "another probe": ("8000/readyz", "8000/livez", "/readyz"),
    "body not asked": ("page.read() != b'ok'", "False", "body ok"),
    "another interval": ("interval: 10s", "interval: 60s", "interval"),
    "not waiting": ("condition: service_healthy", "condition: service_started", "healthy"),
    "writable": ("read_only: true", "read_only: false", "read_only"),
    "with rights": ("cap_drop: [ALL]", "cap_drop: [NET_RAW]", "cap_drop"),
    "no tmp": ("      - /tmp:size=64m,mode=1777", "      - /run", "/tmp"),
    "killed": ("stop_grace_period: 30s", "stop_grace_period: 10s", "stop_grace_period"),
}
IGNORED = {
    "all let in": ("*\n", "\n", "begin with *"),
    "secrets let in": ("!requirements", "!requirements\n!.aws_secrets", ".aws_secrets"),
    "history let in": ("!requirements", "!requirements\n!.git", ".git"),
    "pattern": ("!requirements", "!requirements\n!r*", "pattern"),
    "no lock": ("!requirements\n", "", "leaves out requirements"),
    "builder's own": ("!.nixpacks\n", "", "leaves out .nixpacks"),
    "settings of a laptop": ("**/.env\n", "", "leave out **/.env"),
}
STREAMLIT = {
    "no TOML": ("[server]", "[server", "TOML"),
    "port": ("[server]\n", "[server]\nport = 8501\n", "server.port"),
    "agents": ("enableAgentApi = false", "enableAgentApi = true", "enableAgentApi"),
    "forged requests": ("enableXsrfProtection = true", "enableXsrfProtection = false", "enableXsrfProtection"),
    "any origin": ("enableCORS = true", "enableCORS = false", "enableCORS"),
    "local address": ('address = "0.0.0.0"', 'address = "127.0.0.1"', "address"),
    "tracebacks": ('showErrorDetails = "none"', 'showErrorDetails = "full"', "showErrorDetails"),
    "statistics": ("gatherUsageStats = false", "gatherUsageStats = true", "gatherUsageStats"),
    "secret": ("[server]\n", '[server]\ncookieSecret = "x"\n', "cookieSecret"),
}
EXAMPLE = {
    "unknown name": ("AWS_REGION=", "AWS_REGIO=", "AWS_REGIO is no setting"),
    "missing secret": ("OPENAI_API_KEY=\n", "", "OPENAI_API_KEY"),
    "missing secret of the front end": ("#STREAMLIT_SERVER_COOKIE_SECRET=\n", "", "COOKIE_SECRET"),
    "real value": ("FINRAG_API_KEY=\n", "FINRAG_API_KEY=Zx81\n", "plainly made up"),
    "no line": ("AWS_SESSION_TOKEN=\n", "AWS_SESSION_TOKEN\n", "neither"),
}
FILES = {
    "sevalla.yml": DESCRIPTOR,
    "Procfile": PROCFILE,
    "nixpacks.toml": NIXPACKS,
    "nixpacks.frontend.toml": NIXPACKS_FRONTEND,
    "deploy/docker/Dockerfile.backend": IMAGE,
    "deploy/docker/Dockerfile.frontend": FRONTEND_IMAGE,
    "docker-compose.yml": COMPOSE,
    ".dockerignore": IGNORED,
    ".streamlit/config.toml": STREAMLIT,
    ".aws_secrets.example/aws_credentials.env": EXAMPLE,
}
MISTAKES = [(name, mistake) for name, mistakes in FILES.items() for mistake in mistakes]


def test_the_files_of_the_kit_agree() -> None:
    assert kit_mistakes(KIT) == []


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_a_mistake_in_a_file_of_the_kit_is_named(name: str, mistake: str) -> None:
    right, wrong, word = FILES[name][mistake]
    assert right in KIT[name]
    found = kit_mistakes({**KIT, name: KIT[name].replace(right, wrong, 1)})
    assert any(line.startswith(name) and word in line for line in found), found


def test_a_size_that_changes_in_the_price_list_is_noticed_in_the_compose_file() -> None:
    prices = KIT["deploy/pricing.yaml"].replace(
        'S2:\n        cpu: "1"\n        memory_mb: 2000', 'S2:\n        cpu: "2"\n        memory_mb: 3000'
    )
    found = kit_mistakes({**KIT, "deploy/pricing.yaml": prices})
    assert any("1 CPUs, its size has 2" in line for line in found), found
    assert any("memory is 2000m, its size has 3000m" in line for line in found), found
