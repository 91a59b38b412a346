#!/usr/bin/env bash
# Walks the training stages of a family of recipes under Slurm, one process a GPU, on one node or many.
#
#   sbatch --nodes=1 slurm.sh medgpt-oss-20b            # one node of eight GPUs
#   sbatch --nodes=4 slurm.sh medgpt-oss-20b train.lr=1e-5
#
# Stages and OUT come from the environment; MEDGPT names the command, such as a path in a shared environment.
# Ten minutes before its time is up Slurm sends SIGTERM: the stage saves its state and exits with 75, the job is put
# back into the queue, and goes on where it stopped. Walk with equally many processes each time.
#SBATCH --job-name=medgpt
#SBATCH --gpus-per-node=8
#SBATCH --ntasks-per-node=8
#SBATCH --cpus-per-task=8
#SBATCH --time=24:00:00
#SBATCH --signal=TERM@600
#SBATCH --requeue
#SBATCH --open-mode=append
set -u

FAMILY=${1:?give the family, such as medgpt-oss-20b}
shift
STAGES=${STAGES:-"1-align 2-midtrain 3-sft"}
OUT=${OUT:-runs/$FAMILY}
MEDGPT=${MEDGPT:-medgpt}

MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
MASTER_PORT=$((20000 + SLURM_JOB_ID % 20000))
export MASTER_ADDR MASTER_PORT MEDGPT

for step in $STAGES; do
    # srun tells each process its place in its own words; torch reads others. srun ends with the highest exit code.
    # shellcheck disable=SC2016
    srun --kill-on-bad-exit=0 bash -c \
        'RANK=$SLURM_PROCID LOCAL_RANK=$SLURM_LOCALID WORLD_SIZE=$SLURM_NTASKS exec "$MEDGPT" "$@"' medgpt \
        "${step#*-}" --recipe "$FAMILY/$step" --out "$OUT/$step" --resume "$@"
    code=$?
    if [ "$code" -eq 75 ]; then
        scontrol requeue "$SLURM_JOB_ID"
        exit 75
    fi
    [ "$code" -eq 0 ] || exit "$code"
done
