#!/usr/bin/env python3
"""Prints the line of one benchmark: its name, then the JSON reports of its runs.

A benchmark's figure is the counter that has a unit's name or, without one, the CPU time of an
iteration.
"""

import json
import statistics
import sys

UNITS = ("1/s", "B/s", "B")
BASELINES = ("kernel", "bare_heap")


def figures(path):
    """Yields (whether it is the baseline, value, unit) of each benchmark in a report."""
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    for benchmark in report["benchmarks"]:
        parts = benchmark["name"].split("/")
        if benchmark.get("error_occurred"):
            print(f"{parts[0]}: no baseline: {benchmark['error_message']}", file=sys.stderr)
            continue
        unit = next((unit for unit in UNITS if unit in benchmark), benchmark["time_unit"])
        value = benchmark[unit] if unit in UNITS else benchmark["cpu_time"]
        yield len(parts) > 1 and parts[1] in BASELINES, value, unit


def text(value):
    """At least three digits, none of them after the point of a large number."""
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def main(name, paths):
    ours, baseline, unit = [], [], ""
    for path in paths:
        for is_baseline, value, unit in figures(path):
            (baseline if is_baseline else ours).append(value)
    if not ours:
        sys.exit(f"{name}: the benchmark did not run")
    value = statistics.median(ours)
    columns = [name, text(value), unit, "-", "-"]
    if baseline:
        base = statistics.median(baseline)
        columns[3:] = [text(base), f"{value / base:.2f}"]
    print("\t".join(columns), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
