#!/usr/bin/env bash
# A check of one GPU in eight minutes: bash benchmarks/gpu/run.sh [--tiny] [--out DIR] [--work DIR] [--seconds N] [PART ...]
# Parts, in this order, all without a name: environment tests model speed protocol. Each leaves its files in DIR as it ends, has a
# limit of its own, and lets the others go on when it fails. --tiny runs them on the built-in model, on a CPU too.
# README.md beside this file says how to prepare a machine without a network. PYTHON is the interpreter, python3 if not set.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
out=gpu-check work='' tiny=() seconds=480 parts=()
while (($#)); do
    case $1 in
        --tiny) tiny=(--tiny) ;;
        --out) out=$2 && shift ;;
        --work) work=$2 && shift ;;
        --seconds) seconds=$2 && shift ;;
        *) parts+=("$1") ;;
    esac
    shift
done
((${#parts[@]})) || parts=(environment tests model speed protocol)
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit
python=${PYTHON:-python3}
[[ $work ]] || { work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT; }
"$python" tools/link_types.py || exit
# The stages are imported as strigil.train and so on, from the tree, by every process that is started.
export PYTHONPATH=$PWD/.cache/types:$PWD${PYTHONPATH:+:$PYTHONPATH} PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1
failed=()

part() { # NAME LIMIT COMMAND...
    local name=$1 limit=$2
    shift 2
    [[ " ${parts[*]} " == *" $name "* ]] || return
    echo "== $name, at most $limit s"
    timeout --kill-after=5 "$limit" "$@" 2>&1 || failed+=("$name ($?)")
}

stamped() {
    while IFS= read -r line; do printf '%4d s  %s\n' "$SECONDS" "$line"; done
}

check() {
    part environment 60 "$python" -m benchmarks.gpu.environment "$out"
    part tests 120 env PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 "$python" -m pytest -q -m gpu --junit-xml "$out/tests.xml" tests/{train,engines}/test_gpu.py
    if ((${#tiny[@]} == 0)); then
        part model 60 "$python" -m strigil models fetch smollm2-135m-instruct
    fi
    part speed 150 "$python" -m benchmarks.gpu.speed "${tiny[@]}" --out "$out"
    left=$((seconds - SECONDS - 5))
    part protocol "$left" "$python" -m benchmarks.gpu.protocol "${tiny[@]}" --out "$out" --work "$work" --seconds "$left"
    ((${#failed[@]})) || { echo "all parts done" && return; }
    echo "failed: ${failed[*]}"
    return 1
}

check > >(stamped | tee "$out/run.log")
status=$?
wait
exit "$status"
