#!/usr/bin/env bash
# The action's step: annotations on standard output, optionally SARIF and the job's summary. Exits with the
# status of the check. The tests of the command run it.
set -u
binary=${INPUT_BINARY:-}
[ -n "$binary" ] || binary=${RUNNER_TEMP:?}/istio-gateway/bin/istio-gateway

paths=() args=()
while IFS= read -r line; do
  # A path is not an option.
  case $line in
    '' | -) ;;
    -*) paths+=("./$line") ;;
    *) paths+=("$line") ;;
  esac
done <<<"${INPUT_PATHS:-.}"
while IFS= read -r line; do
  [ -z "$line" ] || args+=("$line")
done <<<"${INPUT_ARGS:-}"
if [ ${#paths[@]} -eq 0 ]; then
  echo '::error title=istio-gateway::the input paths is empty'
  exit 2
fi

check() { # FORMAT
  "$binary" check ${args[@]+"${args[@]}"} --format "$1" -- "${paths[@]}"
}

check github
status=$?
# The other formats have the same findings; an error has been reported.
if [ -n "${INPUT_SARIF:-}" ]; then
  check sarif >"$INPUT_SARIF" 2>/dev/null
fi
if [ "${INPUT_SUMMARY:-true}" = true ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  check markdown >>"$GITHUB_STEP_SUMMARY" 2>/dev/null
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  echo "status=$status" >>"$GITHUB_OUTPUT"
fi
exit "$status"
