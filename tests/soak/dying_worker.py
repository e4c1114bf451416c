"""A Dask worker that is killed just before it puts its n-th object into a store: `dying_worker STORE N ADDRESS`."""

from __future__ import annotations

import sys

from distributed.cli.dask_worker import main

from tests.soak.killed_at_step import kill_at

__all__: list[str] = []

if __name__ == "__main__":
    kill_at(int(sys.argv[2]), [f"{sys.argv[1]}/"])
    main([sys.argv[3], "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard"])
