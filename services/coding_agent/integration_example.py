"""What the main back end does with the coding agent: asks for a fix, waits for it, and hears of it by callback.

    python -m coding_agent.integration_example fix https://github.com/acme/app/issues/7
    python -m coding_agent.integration_example receive --port 9000

Elsewhere, copy `client.py` and `callbacks/signature.py` beside this file, and import them from there. CODING_AGENT_URL
and CODING_AGENT_API_KEY name the agent; CODING_AGENT_CALLBACK_SECRET is what it signs callbacks with.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from coding_agent.callbacks.signature import BadSignatureError, verify
from coding_agent.client import AgentError, CodingAgentClient, JobState

__all__ = ["CallbackServer", "fix", "main"]

_MOST_BYTES = 1_000_000
# A signature holds for five minutes before and after its time; a delivery is remembered for as long as both.
_TOLERANCE_S = 300.0
_READ_S = 10.0


def fix(client: CodingAgentClient, issue_url: str, *, dry_run: bool, timeout_s: float) -> JobState:
    """Ask for a fix, tell each change, and return the job once it has ended."""
    submitted = client.submit_fix(issue_url, dry_run=dry_run)
    _tell(f"job {submitted.id} ({'new' if submitted.created else 'there already'}): {submitted.status_url}")
    job = client.wait(
        submitted.id, timeout_s, on_change=lambda now: _tell(f"  {now.status} {now.stage or ''}".rstrip())
    )
    if job.status == "success":
        _tell(f"pull request: {job.pr_url or 'none, it was a dry run or only a branch'}")
    else:
        _tell(f"ended as {job.status}: {job.error_code or 'no error'} {job.error_message or ''}".rstrip())
    return job


class CallbackServer(ThreadingHTTPServer):
    """Takes the agent's callbacks (PATCH), and calls `on_job` once for each that is signed, new and not too old.

    A back end of several processes keeps the deliveries it has seen in what they share, not in memory.
    """

    daemon_threads = True

    def __init__(self, address: tuple[str, int], secret: bytes, on_job: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(address, _Callbacks)
        self.secret = secret
        self.on_job = on_job
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def first_sight(self, delivery: str) -> bool:
        """Return whether this delivery has not come before, and remember it."""
        now = time.monotonic()
        with self._lock:
            self._seen = {each: at for each, at in self._seen.items() if now - at < 2 * _TOLERANCE_S}
            is_new = delivery not in self._seen
            self._seen.setdefault(delivery, now)
        return is_new

    def forget(self, delivery: str) -> None:
        """Let a delivery come again that could not be worked on."""
        with self._lock:
            self._seen.pop(delivery, None)


class _Callbacks(BaseHTTPRequestHandler):
    server: CallbackServer
    timeout = _READ_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name that the base class has)
        """Write no access log: this is an example."""

    def do_PATCH(self) -> None:
        """Check the signature over the raw bytes before anything is read from them."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            self._answer(413)
            return
        body = self.rfile.read(int(length))
        try:
            delivery = verify(self.server.secret, body, dict(self.headers.items()), tolerance_s=_TOLERANCE_S)
        except BadSignatureError:
            self._answer(401)
            return
        # One that came before was worked on then: saying so ends the agent's tries.
        if self.server.first_sight(delivery):
            try:
                self.server.on_job(json.loads(body))
            except Exception:
                self.server.forget(delivery)
                self._answer(500)
                raise
        self._answer(204)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the example. Returns 0 when there is a fix, 1 when there is none, 2 when the agent was not asked."""
    parser = argparse.ArgumentParser(description="What the main back end does with the coding agent.")
    commands = parser.add_subparsers(dest="command", required=True)
    fixing = commands.add_parser("fix", help="ask for a fix, wait, and print the pull request")
    fixing.add_argument("issue_url")
    fixing.add_argument("--dry-run", action="store_true", help="make the patch, push nothing")
    fixing.add_argument("--timeout", type=float, default=3600.0, help="seconds to wait")
    receiving = commands.add_parser("receive", help="print the callbacks that come")
    receiving.add_argument("--port", type=int, default=9000)
    asked = parser.parse_args(arguments)
    if asked.command == "fix":
        return _fix(asked.issue_url, asked.dry_run, asked.timeout)
    return _receive(asked.port)


def _fix(issue_url: str, dry_run: bool, timeout_s: float) -> int:
    try:
        with CodingAgentClient.from_environment() as client:
            return 0 if fix(client, issue_url, dry_run=dry_run, timeout_s=timeout_s).status == "success" else 1
    except (AgentError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _receive(port: int) -> int:
    secret = os.environ.get("CODING_AGENT_CALLBACK_SECRET", "")
    if not secret:
        sys.stderr.write("CODING_AGENT_CALLBACK_SECRET must be set: callbacks without a signature are not believed\n")
        return 2

    def on_job(job: dict[str, Any]) -> None:
        _tell(f"job {job['job_id']}: {job['status']} ({job['outcome']}) {job['pr_url'] or ''}".rstrip())

    with CallbackServer(("127.0.0.1", port), secret.encode(), on_job) as server:
        _tell(f"callbacks are taken at http://127.0.0.1:{server.server_port} (stop with Ctrl-C)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
