#!/usr/bin/env bash
# Walks the training stages of a family of recipes under the DeepSpeed launcher, on one node or many.
#
#   deepspeed.sh medgpt-oss-20b                            # every GPU of this node
#   HOSTFILE=hosts deepspeed.sh medgpt-oss-20b             # the nodes of a host file: lines such as node0 slots=8
#
# Told to stop (SIGTERM), it lets the stage save its state and exits with 75; the same line goes on where it stopped.
set -u

FAMILY=${1:?give the family, such as medgpt-oss-20b}
shift
STAGES=${STAGES:-"1-align 2-midtrain 3-sft"}
OUT=${OUT:-runs/$FAMILY}
HOSTFILE=${HOSTFILE:-}
PORT=${PORT:-29500}
DEEPSPEED=${DEEPSPEED:-deepspeed}

child=""
stopped=""
stop() {
    stopped=yes
    # The launcher passes it on, and kills what still runs thirty seconds later; what is not saved by then is taken
    # from the last checkpoint (train.save_steps).
    [ -z "$child" ] || kill -TERM "$child"
}
trap stop TERM

for step in $STAGES; do
    # The launcher has no code of its own for a stop, so that one is told by the signal.
    "$DEEPSPEED" ${HOSTFILE:+--hostfile="$HOSTFILE"} --master_port="$PORT" --module medgpt_cli \
        "${step#*-}" --recipe "$FAMILY/$step" --out "$OUT/$step" --resume "$@" &
    child=$!
    wait "$child"
    code=$?
    if [ -n "$stopped" ]; then
        wait "$child" # a signal ends the first wait, not the stage, which is saving
        exit 75
    fi
    [ "$code" -eq 0 ] || exit "$code"
done
