"""Repository rules that present libraries of the system under their upstream labels.

The headers are copied into the repository. A link would have the identity of the file below
/usr/include, which clang's `layering_check` takes for a header of the compiler that everybody may
include; and `-I/usr/include` would disturb `#include_next`.
"""

load("//third_party/absl:targets.bzl", "ABSL_TARGETS")

_INCLUDE = "/usr/include"

def _require(repository_ctx, path):
    found = repository_ctx.path(path)
    if not found.exists:
        fail("{} is missing: run tools/test once, which installs what Drywire needs from Debian"
            .format(path))
    return found

def _copy(repository_ctx, source, target):
    parent = target[:target.rfind("/")]
    result = repository_ctx.execute(
        ["sh", "-c", "mkdir -p \"$1\" && cp -rLpT \"$2\" \"$3\"", "sh", parent, source, target],
    )
    if result.return_code != 0:
        fail("cannot copy {}: {}".format(source, result.stderr))

def _debian_library_impl(repository_ctx):
    multiarch = _multiarch(repository_ctx)
    for header in repository_ctx.attr.headers:
        found = repository_ctx.path("{}/{}/{}".format(_INCLUDE, multiarch, header))
        if not found.exists:
            found = _require(repository_ctx, _INCLUDE + "/" + header)
        _copy(repository_ctx, found, "include/" + header)
    repository_ctx.symlink(repository_ctx.attr.build_file, "BUILD")

debian_library = repository_rule(
    implementation = _debian_library_impl,
    local = True,
    attrs = {
        "build_file": attr.label(mandatory = True, allow_single_file = True),
        "headers": attr.string_list(doc = "Below /usr/include or its multiarch directory."),
    },
)

_ABSL_ROOT_BUILD = """
# --as-needed looks at the objects of the program only, so it would drop what only the program's own
# shared libraries use.
config_setting(
    name = "one_program",
    values = {{"dynamic_mode": "off"}},
)

# Every header with every library. Targets below re-export their own headers of it.
cc_library(
    name = "everything",
    hdrs = {headers},
    includes = ["."],
    linkopts = select({{
        ":one_program": ["-Wl,--push-state,--as-needed"] + {libraries} + ["-Wl,--pop-state"],
        "//conditions:default": {libraries},
    }}),
    visibility = ["//:__subpackages__"],
)
"""

_ABSL_PACKAGE_BUILD = """
filegroup(
    name = "headers",
    srcs = glob(["**/*.h", "**/*.inc"]),
    visibility = ["//:__pkg__"],
)
"""

_ABSL_TARGET = """
cc_library(
    name = "{name}",
    hdrs = {headers},
    visibility = ["//visibility:public"],
    deps = ["//:everything"],
)
"""

def _libraries(repository_ctx):
    lib = _require(repository_ctx, "/usr/lib/" + _multiarch(repository_ctx))
    names = [entry.basename for entry in lib.readdir()]
    return sorted([
        "-l" + name[len("lib"):-len(".so")]
        for name in names
        if name.startswith("libabsl_") and name.endswith(".so")
    ])

def _multiarch(repository_ctx):
    for triplet in ["x86_64-linux-gnu", "aarch64-linux-gnu"]:
        if repository_ctx.path("/usr/lib/" + triplet + "/libabsl_base.so").exists:
            return triplet
    return "x86_64-linux-gnu"

def _debian_absl_impl(repository_ctx):
    root = _require(repository_ctx, _INCLUDE + "/absl")
    packages = sorted([entry.basename for entry in root.readdir()])
    for package in packages:
        _copy(repository_ctx, root.get_child(package), "absl/" + package)
        repository_ctx.file("absl/" + package + "/BUILD", _ABSL_PACKAGE_BUILD + "".join([
            _ABSL_TARGET.format(name = name, headers = repr(headers))
            for name, headers in ABSL_TARGETS.get(package, {}).items()
        ]))
    repository_ctx.file("BUILD", _ABSL_ROOT_BUILD.format(
        headers = repr(["//absl/" + package + ":headers" for package in packages]),
        libraries = repr(_libraries(repository_ctx)),
    ))

debian_absl = repository_rule(implementation = _debian_absl_impl, local = True)

def _rules_cc_shim_impl(repository_ctx):
    repository_ctx.file("BUILD")
    repository_ctx.file("cc/BUILD")
    repository_ctx.symlink(repository_ctx.attr.defs, "cc/defs.bzl")

rules_cc_shim = repository_rule(
    implementation = _rules_cc_shim_impl,
    doc = "Stands for rules_cc, whose Debian package this version of Bazel cannot load.",
    attrs = {"defs": attr.label(mandatory = True, allow_single_file = True)},
)

def _coverage_tools_shim_impl(repository_ctx):
    repository_ctx.file("BUILD", """
filegroup(
    name = "coverage_report_generator",
    visibility = ["//visibility:public"],
)
""")

coverage_tools_shim = repository_rule(
    implementation = _coverage_tools_shim_impl,
    doc = "Stands for the coverage tools, which every test names even when nothing is collected.",
)
