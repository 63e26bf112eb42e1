# How the scripts call Bazel. Sourced, never run.

# Bazel keeps its output below HOME, which a service or a chroot may not set.
if [[ -z ${HOME:-} ]]; then
  HOME=$(getent passwd "$EUID" | cut -d: -f6)
  export HOME="${HOME:-/tmp}"
fi

# Runs Bazel in the root of the workspace, without a moving display unless stderr is a terminal.
run_bazel() {
  local command=$1
  shift
  local -a quiet=()
  if [[ ! -t 2 ]]; then quiet=(--noshow_progress --noshow_loading_progress); fi
  (cd "$ROOT" && bazel "$command" "${quiet[@]}" "$@" </dev/null)
}
