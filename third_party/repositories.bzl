"""External repositories of Drywire, all of them taken from Debian packages.

Nothing is downloaded. Each repository has the name and the labels of its upstream project, so a
workspace with network access can define the real one before calling drywire_repositories() and
needs no other change.
"""

load(
    "//third_party:debian.bzl",
    "coverage_tools_shim",
    "debian_absl",
    "debian_library",
    "rules_cc_shim",
)

def _missing(name):
    return not native.existing_rule(name)

def drywire_repositories():
    """Defines every repository that Drywire and its tests need, unless it is defined already."""
    for name, path in {
        "bazel_skylib": "/usr/share/bazel/tools/skylib",
        "platforms": "/usr/share/bazel/platforms",
        "rules_java": "/usr/share/bazel/rules/java",
        "rules_proto": "/usr/share/bazel/rules/proto",
    }.items():
        if _missing(name):
            native.local_repository(name = name, path = path)

    if _missing("remote_coverage_tools"):
        coverage_tools_shim(name = "remote_coverage_tools")
    if _missing("rules_cc"):
        rules_cc_shim(name = "rules_cc", defs = Label("//third_party/rules_cc:defs.bzl"))
    if _missing("com_google_absl"):
        debian_absl(name = "com_google_absl")
    for name, (build_file, headers) in {
        "boost": ("boost", [
            "boost/" + name
            for name in [
                "assert.hpp",
                "config",
                "config.hpp",
                "context",
                "core",
                "cstdint.hpp",
                "detail",
                "intrusive_ptr.hpp",
                "smart_ptr",
            ]
        ]),
        "com_github_google_benchmark": ("benchmark", ["benchmark"]),
        "com_google_googletest": ("googletest", ["gmock", "gtest"]),
        "curl": ("curl", ["curl"]),
        "hiredis": ("hiredis", ["hiredis"]),
        "xtrans": ("xtrans", [
            "X11/" + name
            for name in [
                "Xarch.h",
                "Xfuncproto.h",
                "Xfuncs.h",
                "Xmd.h",
                "Xos.h",
                "Xos_r.h",
                "Xosdefs.h",
                "Xtrans",
            ]
        ]),
        "yaml_cpp": ("yaml_cpp", ["yaml-cpp"]),
    }.items():
        if _missing(name):
            debian_library(
                name = name,
                build_file = Label("//third_party/" + build_file + ":package.BUILD"),
                headers = headers,
            )
