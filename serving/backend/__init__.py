"""The HTTP interface.

Imported before the libraries that make a pool of threads when they are imported.
"""

import os

# Questions are answered side by side, each on one thread. The threads of a pool wait for its few small tasks at full
# load, which took as much of one CPU as the answers themselves; and a pool has the machine's cores, not the pod's.
for _pool in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_pool, "1")
