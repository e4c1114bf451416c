"""`python -m finrag_ml_tg1 …` is `finrag …` where nothing is installed under that name, as in the images."""

from __future__ import annotations

from finrag_ml_tg1.cli import main

__all__: list[str] = []

main(prog_name="finrag")
