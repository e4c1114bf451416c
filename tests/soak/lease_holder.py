"""A process that holds the lease of a store's one writer and renews it, until it is killed."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

from finrag_ml_tg1.loaders.lease import take_lease
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from serving.indexer.jobs import LEASE_KEY

if __name__ == "__main__":
    folder, seconds = Path(sys.argv[1]), int(sys.argv[2])
    held = take_lease(
        LocalFolderStore(folder), LEASE_KEY, holder="first", purpose="soak", duration=timedelta(seconds=seconds)
    )
    sys.stdout.write("held\n")
    sys.stdout.flush()
    while True:
        time.sleep(seconds / 3)
        held.renew()
