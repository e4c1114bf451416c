"""One run of a job: from the issue to a patch, and from the patch to a pull request."""
