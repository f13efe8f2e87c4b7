#!/usr/bin/env bash
# usage: cluster.sh up|restart-controller|down DIR
#
# A real Slurm on this machine alone: three nodes of two cores, which listen on 127.0.0.1. Everything
# it writes is in DIR; SLURM_CONF=DIR/slurm.conf makes the commands of Slurm talk to it. Jobs of the
# partition `urgent` take nodes away from those of `work`, which are queued again.
set -euo pipefail
order=$1 dir=$2
config=$dir/slurm.conf
nodes="n1 n2 n3"

# Ends the daemon whose number stands in a file, if it is one of Slurm's still.
end_daemon() {
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 0
  case $(cat "/proc/$pid/comm" 2>/dev/null) in slurm* | munged) ;; *) return 0 ;; esac
  kill "$pid"
  for _ in $(seq 100); do
    # A zombie has ended too.
    grep -q '^State:[[:space:]]*[^Z]' "/proc/$pid/status" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -9 "$pid"
}

write_config() {
  local user port=$((20000 + $$ % 10000)) host
  user=$(id -un) host=$(hostname -s)
  cat >"$config" <<END
ClusterName=longhaul
SlurmUser=$user
SlurmdUser=$user
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=3
CommunicationParameters=NoAddrCache,NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool.%n
TmpFS=$dir/tmp.%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
MailProg=/bin/true
LaunchParameters=disable_send_gids
ReturnToService=2
KillWait=5
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=300
SchedulerParameters=bf_interval=1,sched_interval=2,batch_sched_delay=0,sched_min_interval=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
END
  for node in $nodes; do
    port=$((port + 1))
    mkdir -p "$dir/tmp.$node" "$dir/spool.$node"
    echo "NodeName=$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$port CPUs=2 Boards=1" \
      "SocketsPerBoard=1 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=1000 State=UNKNOWN"
  done >>"$config"
  echo "PartitionName=work Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1" >>"$config"
  echo "PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10" >>"$config"
  echo 'CgroupPlugin=cgroup/v1' >"$dir/cgroup.conf"  # slurmd loads one even if it is not used
}

export SLURM_CONF=$config
case $order in
  up)
    mkdir -p "$dir/state"
    chmod 755 "$dir"
    write_config
    (umask 077 && head -c 1024 /dev/urandom >"$dir/munge.key")
    munged --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munged.pid" \
      --log-file="$dir/munged.log" --seed-file="$dir/munge.seed"
    slurmctld -f "$config"
    for node in $nodes; do slurmd -f "$config" -N "$node"; done
    for _ in $(seq 200); do
      [ "$(sinfo -h -N -p work -t idle -o %N 2>/dev/null | sort -u | wc -l)" = 3 ] && exit 0
      sleep 0.1
    done
    echo "the nodes of Slurm did not come up; see $dir/*.log" >&2
    exit 1
    ;;
  restart-controller)
    end_daemon "$dir/slurmctld.pid"
    sleep "${3:-0}"
    slurmctld -f "$config"
    ;;
  down)
    [ -e "$dir/slurmctld.pid" ] && scancel --user="$(id -un)" 2>/dev/null
    [ -e "$dir/slurmctld.pid" ] && for _ in $(seq 80); do
      [ -z "$(squeue -h -t running,completing 2>/dev/null)" ] && break
      sleep 0.1
    done
    for node in $nodes; do end_daemon "$dir/slurmd.$node.pid"; done
    end_daemon "$dir/slurmctld.pid"
    end_daemon "$dir/munged.pid"
    ;;
esac
