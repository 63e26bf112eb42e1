"""Abseil's public targets, as in its own BUILD files, with the headers that Debian ships."""

ABSL_TARGETS = {
    "algorithm": {
        "algorithm": ["algorithm.h"],
        "container": ["container.h"],
    },
    "base": {
        "base": ["call_once.h", "casts.h"],
        "config": ["config.h", "options.h", "policy_checks.h"],
        "core_headers": [
            "attributes.h",
            "const_init.h",
            "macros.h",
            "optimization.h",
            "port.h",
            "thread_annotations.h",
        ],
        "dynamic_annotations": ["dynamic_annotations.h"],
        "log_severity": ["log_severity.h"],
    },
    "cleanup": {
        "cleanup": ["cleanup.h"],
    },
    "container": {
        "btree": ["btree_map.h", "btree_set.h"],
        "fixed_array": ["fixed_array.h"],
        "flat_hash_map": ["flat_hash_map.h"],
        "flat_hash_set": ["flat_hash_set.h"],
        "inlined_vector": ["inlined_vector.h"],
        "node_hash_map": ["node_hash_map.h"],
        "node_hash_set": ["node_hash_set.h"],
    },
    "debugging": {
        "failure_signal_handler": ["failure_signal_handler.h"],
        "leak_check": ["leak_check.h"],
        "stacktrace": ["stacktrace.h"],
        "symbolize": ["symbolize.h"],
    },
    "flags": {
        "commandlineflag": ["commandlineflag.h"],
        "config": ["config.h"],
        "flag": ["declare.h", "flag.h"],
        "marshalling": ["marshalling.h"],
        "parse": ["parse.h"],
        "reflection": ["reflection.h"],
        "usage": ["usage.h"],
        "usage_config": ["usage_config.h"],
    },
    "functional": {
        "any_invocable": ["any_invocable.h"],
        "bind_front": ["bind_front.h"],
        "function_ref": ["function_ref.h"],
    },
    "hash": {
        "hash": ["hash.h"],
        "hash_testing": ["hash_testing.h"],
    },
    "memory": {
        "memory": ["memory.h"],
    },
    "meta": {
        "type_traits": ["type_traits.h"],
    },
    "numeric": {
        "bits": ["bits.h"],
        "int128": ["int128.h"],
    },
    "status": {
        "status": ["status.h"],
        "statusor": ["statusor.h"],
    },
    "strings": {
        "cord": ["cord.h"],
        "str_format": ["str_format.h"],
        "strings": [
            "ascii.h",
            "charconv.h",
            "escaping.h",
            "match.h",
            "numbers.h",
            "str_cat.h",
            "str_join.h",
            "str_replace.h",
            "str_split.h",
            "string_view.h",
            "strip.h",
            "substitute.h",
        ],
    },
    "synchronization": {
        "synchronization": [
            "barrier.h",
            "blocking_counter.h",
            "mutex.h",
            "notification.h",
        ],
    },
    "time": {
        "time": ["civil_time.h", "clock.h", "time.h"],
    },
    "types": {
        "any": ["any.h"],
        "compare": ["compare.h"],
        "optional": ["optional.h"],
        "span": ["span.h"],
        "variant": ["variant.h"],
    },
    "utility": {
        "utility": ["utility.h"],
    },
}
