#!/usr/bin/env bash
# Walks the training stages of a family of recipes under torchrun: on one node, or called once on each of many.
#
#   torchrun.sh medgpt-oss-20b                                            # every GPU of this node
#   NODES=2 NODE=0 MASTER=node0 torchrun.sh medgpt-oss-20b                # on the first of two nodes
#   NODES=2 NODE=1 MASTER=node0 torchrun.sh medgpt-oss-20b                # on the second
#
# Told to stop (SIGTERM), it lets the stage save its state and exits with 75; the same line goes on where it stopped.
set -u

FAMILY=${1:?give the family, such as medgpt-oss-20b}
shift
STAGES=${STAGES:-"1-align 2-midtrain 3-sft"}
OUT=${OUT:-runs/$FAMILY}
GPUS=${GPUS:-gpu} # processes of this node: a number, or gpu for as many as it has
NODES=${NODES:-1}
NODE=${NODE:-0}
MASTER=${MASTER:-localhost}
PORT=${PORT:-29500}
TORCHRUN=${TORCHRUN:-torchrun}

child=""
stopped=""
stop() {
    stopped=yes
    # To the processes that train, not to torchrun, which would kill them thirty seconds later, saved or not.
    [ -z "$child" ] || pkill -TERM -P "$child"
}
trap stop TERM

for step in $STAGES; do
    # torchrun ends with 1 whatever its processes end with, so that a stop is told by the signal, not by its code.
    "$TORCHRUN" --nnodes="$NODES" --node-rank="$NODE" --nproc-per-node="$GPUS" \
        --master-addr="$MASTER" --master-port="$PORT" -m medgpt_cli \
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
