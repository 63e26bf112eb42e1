#!/usr/bin/env python3
"""Checks that the tests that a document names exist.

usage: named_tests.py FILE...

Looks at the words in backticks of table rows: `some_test` is a file under tests/, and the names that
follow it, up to the word "oracle" or the end of the row, are of tests in it. A name is `Suite.Name`,
or `Name` alone, or a pattern of either with `*`. Words that are no names (`mapped`) are left alone.
`tests/pkt/FOLDER` is followed by the names of scripts there, without .pkt.
The scenarios of the oracle are checked by tests/oracle/document_test.cc, which has their list.

Prints what is missing, then `PASSED FAILED` on the last line; a case is a document.
"""

import fnmatch
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

_TEST = re.compile(r"\b(?:(?:DRYWIRE_)?TEST(?:_[FP])?|LINUX_SCRIPT)\(\s*(\w+),\s*(\w+)[,)]")
_WORD = re.compile(r"`([^`]+)`|\b(oracle|slow)\b")
_NAME = re.compile(r"[A-Z][\w*]*(?:\.[\w*]+)?")
_FILE = re.compile(r"\w+_test")
_SCRIPTS = re.compile(r"tests/pkt(?:/\w+)?")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def known_tests():
    """The names of tests by file."""
    tests = {}
    for directory, _, names in os.walk(os.path.join(ROOT, "tests")):
        for name in names:
            stem, extension = os.path.splitext(name)
            if extension == ".cc" and _FILE.fullmatch(stem):
                found = _TEST.findall(read(os.path.join(directory, name)))
                tests.setdefault(stem, set()).update(".".join(pair) for pair in found)
    return tests


def exists(name, names):
    pattern = name if "." in name else "*." + name
    return any(fnmatch.fnmatchcase(known, pattern) for known in names)


def problems(path, tests):
    for number, line in enumerate(read(path).splitlines(), 1):
        file = scripts = None
        for quoted, word in _WORD.findall(line) if line.startswith("|") else ():
            if word:
                file = scripts = None
            elif _SCRIPTS.fullmatch(quoted):
                file, scripts = None, quoted
            elif _FILE.fullmatch(quoted):
                file, scripts = quoted, None
                if file not in tests:
                    yield f"{path}:{number}: no file {quoted}.cc"
            elif scripts:
                if not os.path.exists(os.path.join(ROOT, scripts, quoted + ".pkt")):
                    yield f"{path}:{number}: no {scripts}/{quoted}.pkt"
            elif file in tests and _NAME.fullmatch(quoted) and not exists(quoted, tests[file]):
                yield f"{path}:{number}: no {quoted} in {file}.cc"


def main(paths):
    tests = known_tests()
    passed = failed = 0
    for path in paths:
        found = list(problems(path, tests))
        print("".join(f"FAILED {problem}\n" for problem in found), end="")
        passed += not found
        failed += bool(found)
    print(passed, failed)


if __name__ == "__main__":
    main(sys.argv[1:])
