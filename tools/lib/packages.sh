# The Debian packages that Drywire needs, and how they get installed. Sourced, never run.

# For the command itself; python3 is for the code in packetdrill scripts.
readonly BUILD_PACKAGES=(
  bazel-bootstrap bazel-platforms bazel-rules-java bazel-rules-proto bazel-skylib
  g++ libabsl-dev libboost-context-dev libyaml-cpp-dev python3
)
# For the tests and the benchmarks; iproute2 and nftables are for the real kernel's side of
# tests/oracle.
readonly TEST_PACKAGES=(
  iproute2 libbenchmark-dev libcurl4-openssl-dev libgmock-dev libgtest-dev libhiredis-dev
  nftables x11proto-dev xtrans-dev
)
# For --config=clang, --config=asan (with symbols in its reports) and the format check.
readonly CLANG_PACKAGES=(clang-14 clang-format-14 libclang-rt-14-dev llvm-14)

# Prints those of the named packages that are not installed.
missing_packages() {
  local package
  for package in "$@"; do
    case "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null)" in
      *"ii "*) ;;
      *) printf '%s\n' "$package" ;;
    esac
  done
}

# Installs those of the named packages that are missing, without a question; ends the script if that
# is not possible. Prints to stderr only.
require_packages() {
  local -a missing as_root=()
  local apt_get=(
    env DEBIAN_FRONTEND=noninteractive
    apt-get -y -q -o DPkg::Lock::Timeout=600 -o APT::Install-Recommends=false
  )
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then return 0; fi

  if ! command -v apt-get >/dev/null; then
    echo "Drywire needs Debian 12 and its packages: ${missing[*]}" >&2
    exit 1
  fi
  if ((EUID != 0)); then
    if ! sudo -n true 2>/dev/null; then
      echo "Drywire needs packages that are not installed. As root, run:" >&2
      echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo -n)
  fi

  echo "Installing from Debian, which takes a few minutes: ${missing[*]}" >&2
  local log
  log=$(mktemp)
  # The package lists may be absent or too old to download by; try them first all the same.
  if "${as_root[@]}" "${apt_get[@]}" install "${missing[@]}" >"$log" 2>&1 </dev/null ||
    { "${as_root[@]}" "${apt_get[@]}" update && "${as_root[@]}" "${apt_get[@]}" install \
      "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    rm -f "$log"
    return 0
  fi
  cat "$log" >&2
  rm -f "$log"
  echo "Drywire could not install: ${missing[*]}" >&2
  exit 1
}
