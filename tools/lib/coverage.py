"""Prints what tools/coverage measured.

coverage.py LCOV MARKS: LCOV is llvm-cov's export in lcov's format, MARKS the directory with what
sim/core/coverage_mark.h wrote down.
"""
import collections
import os
import re
import sys


def read_lcov(name):
    """Hits by file of stack/ and line: {file: {line: count}}."""
    files = {}
    lines = {}
    with open(name) as source:
        for row in source:
            key, _, value = row.strip().partition(":")
            if key == "SF":
                # Compiled in a sandbox, or with -fcoverage-compilation-dir=.
                path = re.sub(r"^(.*/execroot/[^/]+/|\./)", "", value)
                lines = files.setdefault(path, {})
            elif key == "DA":
                line, count = value.split(",")[:2]
                lines[int(line)] = lines.get(int(line), 0) + int(count)
    return {path: lines for path, lines in files.items() if path.startswith("stack/")}


def read_marks(directory):
    """Two sets of texts: what could be hit and what was."""
    marks = {"known": set(), "hit": set()}
    for name in sorted(os.listdir(directory)):
        with open(os.path.join(directory, name)) as source:
            for row in source:
                kind, _, text = row.rstrip("\n").partition(" ")
                marks[kind].add(text)
    return marks["known"] | marks["hit"], marks["hit"]


def ranges(numbers):
    """[1, 2, 3, 7] as "1-3 7"."""
    parts = []
    for number in sorted(numbers):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return " ".join(str(a) if a == b else "%d-%d" % (a, b) for a, b in parts)


def print_lines(files):
    folders = collections.defaultdict(lambda: [0, 0])
    for name, lines in files.items():
        for key in (os.path.dirname(name), "stack"):
            folders[key][0] += len(lines)
            folders[key][1] += sum(1 for count in lines.values() if count)
    print("%-24s %7s %7s %7s" % ("folder", "lines", "run", "percent"))
    for folder in sorted(folders):
        total, run = folders[folder]
        print("%-24s %7d %7d %6.1f%%" % (folder, total, run, 100.0 * run / total))
    print("lines not run:")
    for name in sorted(files):
        missed = [line for line, count in files[name].items() if not count]
        if missed:
            print("  %s: %s" % (name, ranges(missed)))


def print_marks(known, hit):
    for kind, what in (("edge", "edges of TCP's state table taken"), ("cause", "causes told")):
        of_kind = sorted(text for text in known if text.startswith(kind + " "))
        missed = [text for text in of_kind if text not in hit]
        print("%s: %d of %d" % (what, len(of_kind) - len(missed), len(of_kind)))
        for text in missed:
            print("  not reached: %s" % text[len(kind) + 1:])


def main(arguments):
    lcov, marks = arguments
    print_lines(read_lcov(lcov))
    print_marks(*read_marks(marks))


if __name__ == "__main__":
    main(sys.argv[1:])
