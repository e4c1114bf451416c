from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding_agent.agent.answer import AnswerRefusedError, single_command


@pytest.mark.parametrize(
    ("answer", "command"),
    [
        ("I look.\n```bash\nls -la\n```", "ls -la"),
        ("```bash\r\nls\r\n```\r\n", "ls"),
        ("```python\nprint(1)\n```\nso\n```bash\nls\n```", "ls"),
        ("````bash\ncat > a.md <<'E'\n```bash\nls\n```\nE\n````", "cat > a.md <<'E'\n```bash\nls\n```\nE"),
        ("```text\n```bash is how it begins\n```\n```Bash\nls\n```", "ls"),
    ],
)
def test_the_one_block_is_the_command(answer: str, command: str) -> None:
    assert single_command(answer) == command


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", "no ```bash block"),
        ("ls", "no ```bash block"),
        ("```\nls\n```", "no ```bash block"),
        ("```bash\nls\n```\n```bash\npwd\n```", "2 ```bash blocks"),
        ("```bash\n\n```", "empty"),
        ("```bash\nls", "not closed"),
        ("```bash\nl\0s\n```", "NUL"),
        (f"```bash\necho {'x' * 130_000}\n```", "longer"),
    ],
)
def test_an_answer_without_exactly_one_block_is_refused_with_the_reason(answer: str, why: str) -> None:
    with pytest.raises(AnswerRefusedError, match=why):
        single_command(answer)


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="`\0\r", exclude_categories=["Cs"]), min_size=1))
def test_any_command_comes_out_as_it_went_in(command: str) -> None:
    answer = f"Words.\n\n````bash\n{command}\n````\nMore words."
    if command.strip():
        assert single_command(answer) == command.strip()


@settings(deadline=None)
@given(st.text(st.sampled_from("`~b ash\n\r\t\0<")))
def test_any_answer_gives_a_command_or_a_reason(answer: str) -> None:
    with suppress(AnswerRefusedError):
        assert single_command(answer).strip()
