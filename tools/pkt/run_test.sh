#!/bin/bash
# Runs `drywire pkt` for drywire_pkt_test: the program, then its arguments.
program=$1
shift
exec "$program" pkt ${XML_OUTPUT_FILE:+--junit "$XML_OUTPUT_FILE"} "$@"
