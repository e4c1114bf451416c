"""A worker without work: claims and finishes jobs as fast as it can, and says so. Run as a process of its own."""

from __future__ import annotations

import os
import sys

from coding_agent.jobs.job import JobStatus
from coding_agent.tests.job_samples import a_store


def main(address: str, lease_s: float) -> None:
    """Claim until nothing is pending."""
    store = a_store(address, empty=False)
    worker = f"process-{os.getpid()}"
    _say("ready")
    sys.stdin.readline()
    while (job := store.claim(worker, lease_s)) is not None:
        _say("claimed", job.id)
        store.append_log(job.id, [worker])
        store.finish(job.id, worker, JobStatus.SUCCESS)
        _say("finished", job.id)
    store.close()


def _say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
