"""The HTTP interface."""

import os

# A pod has one CPU and sees all of its host's: threads of numpy and faiss would spin for it. Both read this when they
# are imported, so it stands before everything else.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
