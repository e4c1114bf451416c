"""Toy repositories: small Python projects, each with one bug, a test that shows it, an issue, and the right fix.

A fix is a list of shell commands as a model would give them; tests run with the standard library's unittest.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

__all__ = ["TEST_COMMAND", "TOYS", "ToyRepository", "write_bare"]

TEST_COMMAND = ("python3", "-B", "-m", "unittest", "-q")


@dataclass(frozen=True, slots=True)
class ToyRepository:
    """A project: `files` by path, what is wrong with it, how it is put right, and which files that changes."""

    name: str
    files: Mapping[str, str]
    title: str
    body: str
    fix: tuple[str, ...]
    changed: tuple[str, ...]


def write_bare(toy: ToyRepository, root: Path, owner: str = "acme", branch: str = "main") -> str:
    """Make ROOT/owner/name.git with one commit of the project, and return the commit."""
    bare = root / owner / f"{toy.name}.git"
    bare.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        tree = Path(folder)
        for name, text in toy.files.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
        _git(tree, "init", "-q", "-b", branch, str(tree))
        _git(tree, "add", "-A")
        _git(tree, "commit", "-q", "-m", "Start")
        _git(tree, "clone", "-q", "--bare", str(tree), str(bare))
        return _git(tree, "rev-parse", "HEAD").strip()


def _git(folder: Path, *arguments: str) -> str:
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Toy",
        "GIT_AUTHOR_EMAIL": "toy@example.org",
        "GIT_COMMITTER_NAME": "Toy",
        "GIT_COMMITTER_EMAIL": "toy@example.org",
    }
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


def _toy(name: str, title: str, body: str, code: str, test: str, *replacements: tuple[str, str]) -> ToyRepository:
    """A project of one module and its test; the fix replaces text, once each, by sed or by Python."""
    module = f"{name}.py"
    return ToyRepository(
        name=name,
        files={module: dedent(code).lstrip(), f"test_{name}.py": _test(test), "README.md": f"# {name}\n"},
        title=title,
        body=dedent(body).strip(),
        fix=tuple(_replace(module, old, new) for old, new in replacements),
        changed=(module,),
    )


def _test(body: str) -> str:
    return "import unittest\n\n" + dedent(body).lstrip() + "\n\nif __name__ == '__main__':\n    unittest.main()\n"


def _replace(path: str, old: str, new: str) -> str:
    """A command that replaces `old`, which must be there, once."""
    return (
        f"python3 - <<'FIX'\nfrom pathlib import Path\npath = Path({path!r})\ntext = path.read_text()\n"
        f"assert {old!r} in text\npath.write_text(text.replace({old!r}, {new!r}, 1))\nFIX"
    )


def _case(module: str, *asserts: str) -> str:
    lines = "\n".join(f"        {line}" for line in asserts)
    return f"from {module} import *\n\n\nclass Test(unittest.TestCase):\n    def test_it(self):\n{lines}\n"


_ONE_MODULE = (
    _toy(
        "average",
        "average of an empty list crashes",
        "`average([])` raises ZeroDivisionError. It should return 0.0.",
        """
        def average(numbers):
            return sum(numbers) / len(numbers)
        """,
        _case("average", "self.assertEqual(average([2, 4]), 3.0)", "self.assertEqual(average([]), 0.0)"),
        ("    return sum", "    if not numbers:\n        return 0.0\n    return sum"),
    ),
    _toy(
        "leap",
        "1900 is not a leap year",
        "`is_leap(1900)` says True. Centuries are leap years only when 400 divides them.",
        """
        def is_leap(year):
            return year % 4 == 0
        """,
        _case("leap", "self.assertTrue(is_leap(2000))", "self.assertFalse(is_leap(1900))"),
        ("year % 4 == 0", "year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)"),
    ),
    _toy(
        "slugs",
        "Slugs have double dashes",
        'slug("a  b") gives "a--b", should be "a-b".\n\n    >>> slug("a  b")\n    \'a--b\'',
        """
        def slug(text):
            return text.strip().lower().replace(" ", "-")
        """,
        _case("slugs", "self.assertEqual(slug(' A  b '), 'a-b')"),
        ('text.strip().lower().replace(" ", "-")', '"-".join(text.lower().split())'),
    ),
    _toy(
        "paging",
        "The last page is missing",
        "11 items at 5 a page are 3 pages, `page_count(11, 5)` says 2.",
        """
        def page_count(items, size):
            return items // size
        """,
        _case("paging", "self.assertEqual(page_count(11, 5), 3)", "self.assertEqual(page_count(10, 5), 2)"),
        ("items // size", "-(-items // size)"),
    ),
    _toy(
        "basket",
        "Baskets share their items",
        "What I put into one basket is in every new basket. A default argument is a list that everybody shares?",
        """
        class Basket:
            def __init__(self, items=[]):
                self.items = items

            def add(self, item):
                self.items.append(item)
        """,
        _case("basket", "Basket().add('apple')", "self.assertEqual(Basket().items, [])"),
        ("items=[]", "items=None"),
        ("self.items = items", "self.items = list(items or ())"),
    ),
    _toy(
        "money",
        "Prices are off by a cent",
        "`cents('0.29')` is 28. Floats cannot hold 0.29; please round.",
        """
        def cents(text):
            return int(float(text) * 100)
        """,
        _case("money", "self.assertEqual(cents('0.29'), 29)", "self.assertEqual(cents('1.10'), 110)"),
        ("int(float(text) * 100)", "round(float(text) * 100)"),
    ),
    _toy(
        "search",
        "Binary search never finds the last element",
        "`find([1, 3, 5], 5)` returns -1 instead of 2.",
        """
        def find(values, wanted):
            low, high = 0, len(values) - 1
            while low < high:
                middle = (low + high) // 2
                if values[middle] == wanted:
                    return middle
                if values[middle] < wanted:
                    low = middle + 1
                else:
                    high = middle - 1
            return -1
        """,
        _case("search", "self.assertEqual(find([1, 3, 5], 5), 2)", "self.assertEqual(find([1, 3], 2), -1)"),
        ("while low < high:", "while low <= high:"),
    ),
    _toy(
        "wordcount",
        "Words are counted apart by case",
        "'The the' should count `the` twice.",
        """
        def count(text):
            counts = {}
            for word in text.split():
                counts[word] = counts.get(word, 0) + 1
            return counts
        """,
        _case("wordcount", "self.assertEqual(count('The the'), {'the': 2})"),
        ("text.split()", "text.lower().split()"),
    ),
    _toy(
        "clamp",
        "clamp ignores the upper bound",
        "`clamp(9, 0, 5)` gives 9.",
        """
        def clamp(value, low, high):
            return max(low, value)
        """,
        _case("clamp", "self.assertEqual(clamp(9, 0, 5), 5)", "self.assertEqual(clamp(-1, 0, 5), 0)"),
        ("max(low, value)", "max(low, min(value, high))"),
    ),
    _toy(
        "temperature",
        "Fahrenheit is wrong below zero",
        "-40 °C is -40 °F; we print -104. Parentheses, I think.",
        """
        def fahrenheit(celsius):
            return (celsius + 32) * 9 / 5 - 90
        """,
        _case("temperature", "self.assertEqual(fahrenheit(-40), -40)", "self.assertEqual(fahrenheit(100), 212)"),
        ("(celsius + 32) * 9 / 5 - 90", "celsius * 9 / 5 + 32"),
    ),
    _toy(
        "roman",
        "IV becomes 6",
        "`number('IV')` should be 4 and `number('XC')` 90.",
        """
        VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


        def number(text):
            return sum(VALUES[letter] for letter in text)
        """,
        _case("roman", "self.assertEqual(number('IV'), 4)", "self.assertEqual(number('XCII'), 92)"),
        (
            "return sum(VALUES[letter] for letter in text)",
            "values = [VALUES[letter] for letter in text]\n"
            "    pairs = zip(values, [*values[1:], 0])\n"
            "    return sum(-this if this < after else this for this, after in pairs)",
        ),
    ),
    _toy(
        "durations",
        "Durations over an hour lose the hours",
        "`show(3725)` prints `02:05`. I expect `1:02:05`.",
        """
        def show(seconds):
            return f"{seconds // 60 % 60:02}:{seconds % 60:02}"
        """,
        _case("durations", "self.assertEqual(show(3725), '1:02:05')", "self.assertEqual(show(65), '01:05')"),
        (
            '    return f"{seconds',
            '    if seconds >= 3600:\n        return f"{seconds // 3600}:{show(seconds % 3600)}"\n'
            '    return f"{seconds',
        ),
    ),
    _toy(
        "brackets",
        "Closing brackets in the wrong order pass",
        "`balanced('(]')` is True?!",
        """
        PAIRS = {")": "(", "]": "["}


        def balanced(text):
            opened = []
            for letter in text:
                if letter in "([":
                    opened.append(letter)
                elif letter in PAIRS:
                    if not opened:
                        return False
                    opened.pop()
            return not opened
        """,
        _case("brackets", "self.assertFalse(balanced('(]'))", "self.assertTrue(balanced('([])'))"),
        (
            "if not opened:\n                return False\n            opened.pop()",
            "if not opened or opened.pop() != PAIRS[letter]:\n                return False",
        ),
    ),
    _toy(
        "dedupe",
        "dedupe changes the order",
        "Items come back sorted at random. Keep the first of each, in order.",
        """
        def dedupe(items):
            return sorted(set(items))
        """,
        _case("dedupe", "self.assertEqual(dedupe(['b', 'a', 'b']), ['b', 'a'])"),
        ("sorted(set(items))", "list(dict.fromkeys(items))"),
    ),
    _toy(
        "csvline",
        "Commas inside quotes split a field",
        'The line `1,"a,b"` has two fields, not three. There is a csv module in the standard library…',
        """
        def fields(line):
            return line.split(",")
        """,
        _case("csvline", "self.assertEqual(fields('1,\"a,b\"'), ['1', 'a,b'])"),
        ("def fields", "import csv\n\n\ndef fields"),
        ('line.split(",")', "next(csv.reader([line]))"),
    ),
    _toy(
        "retrying",
        "retry swallows the last error",
        "After three failures `retry` returns None. It should raise what the call raised last.",
        """
        def retry(call, times=3):
            for attempt in range(times):
                try:
                    return call()
                except ValueError:
                    pass
        """,
        _case("retrying", "with self.assertRaises(ValueError):", "    retry(lambda: int('x'))"),
        ("            pass", "            if attempt == times - 1:\n                raise"),
    ),
    _toy(
        "shapes",
        "Area of a circle uses the diameter",
        "A circle of radius 1 should have the area pi.",
        """
        import math


        def area(radius):
            return math.pi * (2 * radius) ** 2
        """,
        _case("shapes", "import math", "self.assertAlmostEqual(area(1), math.pi)"),
        ("(2 * radius) ** 2", "radius**2"),
    ),
    _toy(
        "matrix",
        "transpose fails on matrices that are not square",
        "IndexError for [[1, 2, 3]].",
        """
        def transpose(rows):
            return [[rows[j][i] for j in range(len(rows))] for i in range(len(rows))]
        """,
        _case("matrix", "self.assertEqual(transpose([[1, 2, 3]]), [[1], [2], [3]])"),
        ("for i in range(len(rows))]", "for i in range(len(rows[0]))]"),
    ),
    _toy(
        "cache",
        "The cache keeps one entry too many",
        "With size 2 there are three entries after three puts.",
        """
        class Cache:
            def __init__(self, size):
                self.size = size
                self.entries = {}

            def put(self, key, value):
                self.entries[key] = value
                if len(self.entries) > self.size + 1:
                    self.entries.pop(next(iter(self.entries)))
        """,
        _case(
            "cache",
            "cache = Cache(2)",
            "for key in 'abc':",
            "    cache.put(key, 1)",
            "self.assertEqual(list(cache.entries), ['b', 'c'])",
        ),
        ("self.size + 1", "self.size"),
    ),
    _toy(
        "palindrome",
        "Punctuation breaks the palindrome check",
        '"A man, a plan, a canal: Panama" is one. Quotes "\'`$(touch owned)` in this text are part of the report.',
        """
        def is_palindrome(text):
            return text == text[::-1]
        """,
        _case("palindrome", "self.assertTrue(is_palindrome('A man, a plan, a canal: Panama'))"),
        (
            "return text == text[::-1]",
            "letters = [letter.lower() for letter in text if letter.isalnum()]\n    return letters == letters[::-1]",
        ),
    ),
)

# Fixes that touch more than one file, add one, or take one away.
_MORE_FILES = (
    ToyRepository(
        name="inventory",
        files={
            "shop/__init__.py": "",
            "shop/names.py": "def tidy(name):\n    return name.strip()\n",
            "shop/stock.py": dedent(
                """
                from shop.names import tidy


                def merge(rows):
                    stock = {}
                    for name, count in rows:
                        stock[tidy(name)] = count
                    return stock
                """
            ).lstrip(),
            "test_shop.py": _test(
                """
                from shop.stock import merge


                class Test(unittest.TestCase):
                    def test_it(self):
                        self.assertEqual(merge([("Tea", 2), ("tea ", 3)]), {"tea": 5})
                """
            ),
        },
        title="Rows of the same article are not added up",
        body='`merge([("Tea", 2), ("tea ", 3)])` should be `{"tea": 5}`: names differ in case, and counts overwrite.',
        fix=(
            _replace("shop/names.py", "name.strip()", "name.strip().lower()"),
            _replace(
                "shop/stock.py", "stock[tidy(name)] = count", "stock[tidy(name)] = stock.get(tidy(name), 0) + count"
            ),
        ),
        changed=("shop/names.py", "shop/stock.py"),
    ),
    ToyRepository(
        name="greeting",
        files={
            "greeting.py": (
                "from pathlib import Path\n\n\ndef greet(language):\n"
                "    return (Path(__file__).parent / 'texts' / f'{language}.txt').read_text().strip()\n"
            ),
            "texts/en.txt": "hello\n",
            "test_greeting.py": _test(_case("greeting", "self.assertEqual(greet('de'), 'hallo')")),
        },
        title="German is missing",
        body="`greet('de')` fails: there is no texts/de.txt. It should say `hallo`.",
        fix=("printf 'hallo\\n' > texts/de.txt",),
        changed=("texts/de.txt",),
    ),
    ToyRepository(
        name="plugins",
        files={
            "plugins/broken.py": "raise RuntimeError('not finished')\n",
            "plugins/good.py": "NAME = 'good'\n",
            "loader.py": (
                "import runpy\nfrom pathlib import Path\n\n\ndef names():\n"
                "    folder = Path(__file__).parent / 'plugins'\n"
                "    return [runpy.run_path(str(path))['NAME'] for path in sorted(folder.glob('*.py'))]\n"
            ),
            "test_loader.py": _test(_case("loader", "self.assertEqual(names(), ['good'])")),
        },
        title="Remove the broken plug-in",
        body="plugins/broken.py was never finished and stops every start. Please remove it.",
        fix=("rm plugins/broken.py",),
        changed=("plugins/broken.py",),
    ),
    ToyRepository(
        name="layout",
        files={
            "helpers.py": "def double(number):\n    return number * 2\n",
            "main.py": "from arithmetic import double\n\n\ndef run(number):\n    return double(number)\n",
            "test_main.py": _test(_case("main", "self.assertEqual(run(2), 4)")),
        },
        title="main imports arithmetic, which is still called helpers",
        body="Rename helpers.py to arithmetic.py, as main.py expects it.",
        fix=("mv helpers.py arithmetic.py",),
        changed=("arithmetic.py", "helpers.py"),
    ),
)

TOYS = (*_ONE_MODULE, *_MORE_FILES)
