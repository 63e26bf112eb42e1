"""drywire_pkt_test: packetdrill scripts as a test."""

def drywire_pkt_test(name, srcs, personality = "linux", args = [], size = "small", **kwargs):
    """Runs packetdrill scripts in virtual time; fails when one of them fails.

    Args:
      name: of the test.
      srcs: the scripts.
      personality: the system under test: "linux" or "freebsd".
      args: more arguments of `drywire pkt`, such as "--ip=ipv6".
      size: of the test.
      **kwargs: what tests take besides.
    """
    native.sh_test(
        name = name,
        size = size,
        srcs = [Label("//tools/pkt:run_test.sh")],
        args = ["$(location %s)" % Label("//tools:drywire"), "--personality", personality] + args +
               ["$(locations %s)" % src for src in srcs],
        data = srcs + [Label("//tools:drywire")],
        **kwargs
    )
