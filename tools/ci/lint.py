#!/usr/bin/env python3
"""Rules of docs/architecture.md that no compiler checks, over the sources of the workspace, and
whether the tests exist that docs/conformance.md names.

Prints each line that breaks a rule, then `PASSED FAILED` on the last line; a case is a file. A line
that must break a rule says so with `// lint: RULE` and a reason next to it.
"""

import os
import re

import named_tests

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
SOURCE = (".cc", ".h", ".c")
MAX_LINES = 500
MAX_TEST_LINES = 800

MODEL = ("sim/", "stack/")
# (name, directories, directories excepted, pattern, why)
RULES = [
    ("wall-clock", MODEL, (),
     r"\b(system_clock|steady_clock|high_resolution_clock|absl::Now|::clock_gettime|::time\()",
     "virtual time is the only time"),
    ("float", MODEL, (), r"\b(float|double)\b", "no floating point in protocol or time"),
    ("random", MODEL, (),
     r"\b(std::random_device|std::mt19937|std::\w+_distribution|absl::BitGen|absl::Uniform"
     r"|s?rand\(\))",
     "random numbers come from the streams of sim/core/rng.h"),
    ("unordered", MODEL, (), r"\bstd::unordered_", "use absl's tables, for lookup only"),
    # A guarded stack needs a signal handler, which belongs to the process; and a library that calls
    # read() cannot be handed the world it is in.
    ("thread", MODEL, ("sim/core/fiber", "stack/sys/sys_environment.cc"), r"\b(thread_local|std::thread|std::mutex|std::atomic)\b",
     "one thread, no hidden state"),
    ("personality", ("sim/", "stack/", "tools/"), ("stack/personality/",),
     r"personality\w*(\(\))?\s*[!=]=|[!=]=\s*Personality::",
     "a difference between systems is a row or a field of its profile"),
    ("errno", ("stack/",), ("stack/sys/", "stack/personality/", "stack/base/errno"),
     r"\berrno\b|\bE(CONNREFUSED|TIMEDOUT|CONNRESET|HOSTUNREACH|NETUNREACH|AGAIN|INTR|INVAL|PIPE"
     r"|ADDRINUSE|ADDRNOTAVAIL|ISCONN|NOTCONN|INPROGRESS|ALREADY)\b",
     "below stack/sys a failure is a Cause"),
]

_NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def code_only(text):
    """Blanks comments and string literals, keeping the lines."""
    return _NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def sources():
    for top in ("bench", "sim", "stack", "tests", "tools"):
        for directory, _, names in os.walk(os.path.join(ROOT, top)):
            if "/tests/downstream" in directory:
                continue
            for name in names:
                if name.endswith(SOURCE):
                    yield os.path.relpath(os.path.join(directory, name), ROOT)


def problems(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as source:
        text = source.read()
    lines = text.splitlines()
    limit = MAX_TEST_LINES if path.startswith("tests/") else MAX_LINES
    if len(lines) > limit:
        yield f"{path}: {len(lines)} lines; at most {limit}"
    if path.endswith(".h"):
        guard = "DRYWIRE_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper() + "_"
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            yield f"{path}: no header guard {guard}"
    for number, line in enumerate(code_only(text).splitlines(), 1):
        for name, where, but, pattern, why in RULES:
            if path.startswith(where) and not path.startswith(but or ("\0",)):
                if re.search(pattern, line) and f"lint: {name}" not in lines[number - 1]:
                    yield f"{path}:{number}: {name}: {why}: {lines[number - 1].strip()}"


def cases():
    for path in sorted(sources()):
        yield list(problems(path))
    yield list(named_tests.problems("docs/conformance.md", named_tests.known_tests()))


def main():
    passed = failed = 0
    for found in cases():
        print("".join(f"FAILED {problem}\n" for problem in found), end="")
        passed += not found
        failed += bool(found)
    print(passed, failed)


if __name__ == "__main__":
    main()
