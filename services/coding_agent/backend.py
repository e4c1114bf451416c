"""The coding agent's HTTP service: `uvicorn coding_agent.backend:app`. With workers it runs jobs as well."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType

from fastapi import FastAPI

from coding_agent.agent.language_model import LanguageModel
from coding_agent.agent.models.build import build_model
from coding_agent.api import events, health, jobs, runner
from coding_agent.api.body import BodyLimit
from coding_agent.api.edge import Edge
from coding_agent.api.problems import add_problem_handlers
from coding_agent.api.rate_limits import RateLimits
from coding_agent.api.service import Limiter, Service
from coding_agent.callbacks.callback_url import check_callback_url
from coding_agent.github.issue_url import parse_issue_url
from coding_agent.jobs.open_store import open_store
from coding_agent.jobs.store import JobStore
from coding_agent.observability.emf import QueueReports
from coding_agent.observability.logs import configure_logging
from coding_agent.observability.redaction import redactor_for
from coding_agent.settings import Settings
from coding_agent.settings_reading import read_settings

__all__ = ["DRAIN_S", "app", "create_app"]

# Fargate kills a task 120 seconds after it was told to stop, at the latest.
DRAIN_S = 90.0
# Their routes read bodies themselves, once they know who asks.
_OWN_BODIES = ("/completions", "/webhooks/github", "/git-upload-pack")
