#!/usr/bin/env python3
"""Counts test cases in the results of one `bazel test`.

Reads the file that --build_event_json_file wrote, and the test XML it names. Prints the names of
the cases that failed, then `PASSED FAILED` on the last line. A case that skipped itself is neither;
it is printed with its name.

A case that the XML does not list cannot get lost: a test that did not build, left no XML, crashed
or timed out counts as one failed case, and so does any other target that did not build, and a run
of Bazel that did not come to its end.
"""

import collections
import json
import sys
import urllib.parse
import xml.etree.ElementTree


def read_events(path):
    """Yields the events; a line cut short by a killed Bazel ends them."""
    try:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)
    except (OSError, ValueError):
        return


def cases_of(xml_path):
    """Returns (passed, [names of failed], [names of skipped]) of one test XML."""
    passed, failed, skipped = 0, [], []
    for case in xml.etree.ElementTree.parse(xml_path).iter("testcase"):
        if case.get("status") == "notrun":
            continue
        name = ".".join(filter(None, [case.get("classname"), case.get("name")]))
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(name)
        elif case.find("skipped") is not None:
            skipped.append(name)
        else:
            passed += 1
    return passed, failed, skipped


def count(path):
    passed, failed = 0, []
    # Per test, then per shard and run, the last attempt.
    results = collections.defaultdict(dict)
    tests, summaries, unbuilt, exit_name = set(), {}, set(), "KILLED"
    for event in read_events(path):
        ident = event.get("id", {})
        if "targetConfigured" in ident:
            if event.get("configured", {}).get("targetKind", "").endswith("_test rule"):
                tests.add(ident["targetConfigured"]["label"])
        elif "targetCompleted" in ident:
            if not event.get("completed", {}).get("success"):
                unbuilt.add(ident["targetCompleted"]["label"])
        elif "testResult" in ident:
            key = ident["testResult"]
            results[key["label"]][(key.get("run"), key.get("shard"))] = event.get("testResult", {})
        elif "testSummary" in ident:
            label = ident["testSummary"]["label"]
            summaries[label] = event.get("testSummary", {}).get("overallStatus", "NO_STATUS")
        elif "buildFinished" in ident:
            exit_name = event.get("finished", {}).get("exitCode", {}).get("name", "UNKNOWN")

    for label in sorted(tests | set(summaries)):
        named = 0
        for result in results[label].values():
            for output in result.get("testActionOutput", []):
                if output.get("name") != "test.xml":
                    continue
                xml_path = urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path)
                try:
                    ok, bad, skipped = cases_of(xml_path)
                except (OSError, xml.etree.ElementTree.ParseError):
                    continue
                passed += ok
                failed += [f"{label} {name}" for name in bad]
                named += ok + len(bad) + len(skipped)
                for name in skipped:
                    print(f"skipped {label} {name}")
                if result.get("status") not in ("PASSED", "FLAKY") and not bad:
                    failed.append(f"{label} ({result.get('status')})")
                    named += 1
        if named == 0:
            failed.append(f"{label} ({summaries.get(label, 'not run')}: no test XML)")
    failed += [f"{label} (not built)" for label in sorted(unbuilt - tests)]
    if exit_name != "SUCCESS" and not failed:
        failed.append(f"bazel ({exit_name})")
    return passed, failed


def main():
    passed, failed = count(sys.argv[1])
    for name in failed:
        print(f"FAILED {name}")
    print(passed, len(failed))


if __name__ == "__main__":
    main()
