#!/usr/bin/env python3
"""Checks that the documentation is true.

usage: readme.py --run FILE...     run the commands of the ```console blocks
       readme.py --quotes FILE...  compare the code blocks that quote a file

A console block holds commands, each after `$ `, continued after a backslash. Each must exit with 0
from the root of the workspace, and the lines shown below it must appear in its output, in that
order; a line `...` stands for any others. A block after `<!-- not run: why -->` is left alone.

A code block after `<!-- file: PATH -->` must be found in that file word for word.

Prints what failed, then `PASSED FAILED` on the last line.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
TIMEOUT_SECONDS = 900

_BLOCK = re.compile(
    r"(?:<!--[ ]*(?P<mark>[^>]*?)[ ]*-->\n+)?^```(?P<language>[\w+-]*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL)


def blocks(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as document:
        for match in _BLOCK.finditer(document.read()):
            yield match["mark"] or "", match["language"], match["text"]


def commands(text):
    """Yields (command, expected lines) of one console block."""
    command, expected = None, []
    for line in text.splitlines():
        if command is not None and command.endswith("\\"):
            command = command[:-1] + line
        elif line.startswith("$ "):
            if command is not None:
                yield command, expected
            command, expected = line[2:], []
        elif line.strip() and line.strip() != "...":
            expected.append(line.rstrip())
    if command is not None:
        yield command, expected


def missing_line(expected, output):
    """Returns the first expected line that does not follow in the output, or None."""
    lines = iter(line.rstrip() for line in output.splitlines())
    for wanted in expected:
        if not any(line == wanted for line in lines):
            return wanted
    return None


def run(command, expected):
    """Returns what is wrong with one command, or None."""
    try:
        done = subprocess.run(["bash", "-c", command], cwd=ROOT, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no end after {TIMEOUT_SECONDS} s"
    if done.returncode != 0:
        return f"exit code {done.returncode}\n{done.stdout[-4000:]}"
    absent = missing_line(expected, done.stdout)
    if absent is not None:
        return f"does not print: {absent}\n{done.stdout[-4000:]}"
    return None


def check_runs(path):
    for mark, language, text in blocks(path):
        if language != "console" or mark.startswith("not run:"):
            continue
        for command, expected in commands(text):
            yield f"{path}: $ {command}", run(command, expected)


def check_quotes(path):
    for mark, _, text in blocks(path):
        if not mark.startswith("file:"):
            continue
        quoted = mark[len("file:"):].strip()
        try:
            with open(os.path.join(ROOT, quoted), encoding="utf-8") as source:
                wrong = None if text in source.read() else "the block differs from the file"
        except OSError as error:
            wrong = str(error)
        yield f"{path}: quotes {quoted}", wrong


def main():
    check = {"--run": check_runs, "--quotes": check_quotes}[sys.argv[1]]
    passed = failed = 0
    for path in sys.argv[2:]:
        for name, wrong in check(path):
            if wrong is None:
                passed += 1
                print(f"ok {name}", flush=True)
            else:
                failed += 1
                print(f"FAILED {name}: {wrong}", flush=True)
    print(passed, failed)


if __name__ == "__main__":
    main()
