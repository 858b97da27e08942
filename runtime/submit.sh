# What the script of a workflow does with Slurm. It stands in that script, behind what it is told there:
# workflow, name, folder, python, array_size, gpus: the option that asks for them, and at_once: how many jobs may run at a
# time, or 0.

declare -A job_of=() # of tasks and barriers: "done", or the jobs to wait for, with colons between
declare -a sbatch=() # with the options of all jobs
declare -a turns=()  # the jobs that run or will, in their order
run='' new='' content='' id='' needed='' arrays='' sent=0 only_looks=no is_own=no is_made=no
script=${BASH_SOURCE[0]-} # the file of this script, if it is one

say() { printf 'automl: %s\n' "$*" >&2; }

# die STATUS SENTENCE
die() {
  say "$2"
  exit "$1"
}

# Find what is needed here, and lock the run: begin [--new | --check | --due CONCURRENCY]
begin() {
  local runs=${AUTOML_RUNS:-$folder} command
  content=$name name=${AUTOML_RUN:-$name}
  case ${1-} in
    '') ;;
    --new | --due) name=${AUTOML_RUN:-$workflow-$(date +%Y%m%d-%H%M%S)} is_own=yes ;;
    --check) name=$workflow-check-$$ only_looks=yes ;;
    *) die 2 "$1 is not known: \`--new\` makes a run of its own, \`--check\` only looks whether all is there" ;;
  esac
  [[ $name =~ ^[a-z0-9][a-z0-9.-]*$ ]] || die 2 "\"$name\" is no name of a run: small letters, digits, \"-\" and \".\""
  for command in sbatch scontrol scancel squeue flock base64; do
    type -P "$command" >/dev/null || die 2 "there is no \`$command\` here: this is for a login node of a Slurm cluster"
  done
  [[ ${1-} != --due ]] || make_room "${2-allow}"
  find_python
  mkdir -p -- "$runs"
  runs=$(cd -- "$runs" && pwd)
  [[ $runs != *[[:cntrl:]\\]* ]] || die 2 "runs cannot be in $runs: Slurm takes no path with a backslash or a control character"
  run=$runs/$name new=$runs/.$name.new
  exec 9>"$runs/.$name.lock"
  flock -n 9 || say "another one submits jobs of $name just now: waiting for it"
  flock -w 600 9 || die 2 "nothing could be locked in $runs, or another one still submits jobs of $name"
  [[ $is_own == no || ! -e $run ]] || die 2 "there is a run $name already: once more, it gets another name"
  is_the_same || die 2 "$name is a run of something else: \`automl submit --resume\` goes on with it by its own script"
  trap leave_nothing EXIT
  unset SBATCH_ARRAY_INX SBATCH_WAIT SBATCH_TEST_ONLY
  find_sbatch
  printf 'run %s, in %s\n' "$name" "$run"
}

# Whether the run that is there, if it is, is of a script that does the same.
is_the_same() {
  local about
  [[ -e $run/run.json ]] || return 0
  about=$(<"$run/run.json")
  [[ $about != '{"content": '* || $about == "{\"content\": \"$content\","* ]]
}

# Of a run that is new, and of which nothing could be submitted.
leave_nothing() {
  local status=$?
  ((status && sent == 0)) || return 0
  rm -rf -- "$new"
  [[ $is_made == no ]] || rm -rf -- "$run"
  [[ $is_made == no || ! -L $HOME/.automl/runs/$name ]] || rm -f -- "$HOME/.automl/runs/$name"
  [[ $is_own == no ]] || rm -f -- "${run%/*}/.$name.lock"
}

# What a run that is due does while one of the schedule still goes on: make_room allow|forbid|replace
make_room() {
  local job comment alive=()
  while read -r job comment; do
    [[ ! $comment =~ ^automl\ $workflow-[0-9]{8}-[0-9]{6}$ ]] || alive+=("$job")
  done < <(squeue --noheader --user="$(id -un)" --format='%A %k')
  ((${#alive[@]})) || return 0
  case $1 in
    forbid) say "a run of $workflow still goes on: this one is left out" && exit 0 ;;
    replace) scancel --quiet "${alive[@]}" ;;
  esac
}

# For the Python that is looked for here: load MODULE...
load() {
  set +eu
  # shellcheck source=/dev/null
  type module >/dev/null 2>&1 || . /etc/profile >/dev/null 2>&1
  module load "$@" || die 2 "\`module load $*\` fails here"
  set -eu
}

find_python() {
  local path
  path=$("$python" -I -c 'import sys; print(sys.executable); sys.exit(sys.version_info < (3, 9))') ||
    die 2 "\`$python\` is no Python 3.9 or newer: say \`targets: {slurm: {python: …}}\`, or load it by \`modules\`"
  python=$path
}

# Of the environment here jobs get what says who and where one is, and what there is for Slurm; the rest is that of a login.
find_sbatch() {
  local variable
  sbatch=(env -i)
  for variable in HOME USER LOGNAME SHELL PATH LANG LC_ALL XDG_CONFIG_HOME XDG_CACHE_HOME SLURM_CONF SLURM_CLUSTERS "${!SBATCH_@}"; do
    [[ -z ${!variable+x} ]] || sbatch+=("$variable=${!variable}")
  done
  sbatch+=(sbatch --parsable --export=ALL --kill-on-invalid-dep=yes --open-mode=append "--comment=automl $name" "--chdir=$run")
}

# Whether the folder of the run has to be made.
is_new() {
  [[ ! -d $run ]] || return 1
  rm -rf -- "$new"
  mkdir -p -- "$new/tasks"
}

# Write a file of the run: put PATH < its text
put() {
  [[ $1 != */* ]] || mkdir -p -- "$new/${1%/*}"
  cat >"$new/$1"
}

# The files of the project: unpack < a tar in base64
unpack() {
  base64 -d >"$new/code.tar"
  ln -s ../code.tar "$new/runtime/code.tar.bz2" # where a container looks for it
}

# Let the folder of the run be there, whole: keep PARAMS, which are JSON
keep() {
  local user
  user=$(id -un)
  user=${user//\\/\\\\}
  printf '{"content": "%s", "workflow": "%s", "created": %s, "user": "%s", "params": %s, "target": "slurm"}\n' \
    "$content" "$workflow" "$(date +%s)" "${user//\"/\\\"}" "$1" >"$new/run.json"
  [[ ! -f $script ]] || cp -- "$script" "$new/script.sh" # by which it can go on
  mv -T -- "$new" "$run"
  is_made=yes
  link
}

# Let a run that is elsewhere be found where runs are looked for.
link() {
  local usual=$HOME/.automl/runs
  [[ $only_looks == no && ! ${run%/*} -ef $usual ]] || return 0
  [[ ! -e $usual/$name || -L $usual/$name ]] || return 0
  { mkdir -p -- "$usual" && ln -sfn -- "$run" "$usual/$name"; } || say "$run cannot be linked in $usual: \`automl status\` does not find it"
}

entry() { "$python" -I "$run/runtime/slurm/entry.py" "$@" 9>&-; }

# Look whether all is there that the run needs, and which tasks have been done or have jobs.
prepare() {
  local lines task state
  if ! entry prepare; then
    [[ $only_looks == no ]] || rm -rf -- "$run"
    exit 2
  fi
  [[ $only_looks == no ]] || leave
  lines=$(entry todo) || exit 2
  while IFS=$'\t' read -r task state; do
    job_of[$task]=$state
    [[ ! $state =~ ^[0-9] ]] || turns+=("$state")
  done <<<"$lines"
}

# All is there, and nothing is submitted.
leave() {
  rm -rf -- "$run" "${run%/*}/.$name.lock"
  printf 'all is there\n'
  exit 0
}

is_todo() { [[ ${job_of[$1]-todo} == todo ]]; }

# What the next job has to wait for: after [TASK or BARRIER...]
after() {
  local before
  needed=
  for before in "$@"; do
    [[ ${job_of[$before]} == "done" ]] || needed+=:${job_of[$before]}
  done
  needed=${needed:+afterok$needed}
}

# A name for the jobs of many tasks: barrier NAME [TASK or BARRIER...]
barrier() {
  after "${@:2}"
  job_of[$1]=${needed#afterok:}
  job_of[$1]=${job_of[$1]:-done}
}

# The same, with a job that does nothing but wait for the others, where many wait for many: join NAME [OPTION, TASK or BARRIER...]
join() {
  local word names=() options=(--job-name="$workflow.join" --output=/dev/null --mem=50M --time=1)
  for word in "${@:2}"; do
    if [[ $word == --* ]]; then options+=("$word"); else names+=("$word"); fi
  done
  barrier "$1" "${names[@]}"
  [[ ${job_of[$1]} == *:* ]] || return 0
  send "$1" join --dependency="$needed" "${options[@]}" <<<exit
  job_of[$1]=$id
}

# The job of a task: submit TASK [OPTION...] < what it does
submit() {
  is_todo "$1" || return 0
  send_task "$1" task "$(both "$needed" "$(turn 1)")" "%j" "${@:2}"
  job_of[$1]=$id
  turns+=("$id")
}

# What a job waits for whose turn it is when all but the last so many are over: turn COUNT
turn() {
  local at=$((${#turns[@]} - at_once)) count=$1 jobs=''
  ((at_once)) || return 0
  for ((; count > 0; count--, at++)); do
    ((at < 0)) || jobs+=:${turns[at]}
  done
  printf '%s' "${jobs:+afterany$jobs}"
}

# The runs of the trials of a task, in arrays: trials TASK COUNT AT_A_TIME [OPTION...] < what each does
trials() {
  local task=$1 count=$2 limit=$3 first=0 last body before old
  shift 3
  is_todo "$task" || return 0
  old=$(cancel_arrays "$task")
  find_array_size
  body=$(cat)
  arrays='' before=$(both "$(turn "$at_once")" "$old")
  while ((first < count)); do
    last=$((count - first < array_size ? count - first - 1 : array_size - 1))
    send_task "$task" "trials:$first" "$(both "$needed" "$before")" "%A-%a" \
      --array="0-$last$( ((limit == 0)) || echo "%$limit")" "$@" <<<"first=$first
$body"
    arrays+=:$id
    ((limit == 0)) || before=afterany:$id
    first=$((first + last + 1))
  done
}

# The job that looks at what the trials of a task have left: judge TASK [OPTION...] < what it does
judge() {
  local left
  is_todo "$1" || return 0
  send_task "$1" task "$(both "$needed" "afterany$arrays")" "%j" "${@:2}"
  job_of[$1]=$id
  for ((left = at_once; left > 0; left--)); do
    turns+=("$id")
  done
}

both() { printf '%s' "$1${1:+${2:+,}}$2"; }

# Cancel what a cut has left of trials that nobody waits for, and say how to wait until it has ended.
cancel_arrays() {
  local task job kind jobs=''
  [[ -e $run/jobs ]] || return 0
  while IFS=$'\t' read -r task job kind; do
    [[ $task == "$1" && $kind == trials:* ]] || continue
    [[ -z $(squeue --noheader --jobs="$job" 2>/dev/null) ]] || jobs+=:$job
    scancel --quiet "$job" 2>/dev/null || true
  done <"$run/jobs"
  printf '%s' "${jobs:+afterany$jobs}"
}

# How many elements an array may have here.
find_array_size() {
  local line most=''
  while read -r line; do
    [[ $line != MaxArraySize* ]] || most=${line##* }
  done < <(scontrol show config 9>&-)
  [[ $most =~ ^[1-9][0-9]*$ ]] || die 2 "\`scontrol show config\` says no MaxArraySize: this Slurm takes no arrays"
  ((array_size <= most)) || array_size=$most
}

# send_task TASK KIND DEPENDENCY LOG [OPTION...] < what it does
send_task() {
  local folder=$run/tasks/$1/slurm
  mkdir -p -- "$folder"
  send "$1" "$2" ${3:+"--dependency=$3"} --output="${folder//%/%%}/$4.log" "${@:5}"
}

# Submit a job, and write down which it is: send TASK KIND [OPTION...] < what it does
send() {
  id=$({ head && cat; } | "${sbatch[@]}" "${@:3}" 9>&-) || refused "Slurm did not take the job of $1"
  id=${id%%;*}
  printf '%s\t%s\t%s\n' "$1" "$id" "$2" >>"$run/jobs" || {
    scancel --quiet "$id"
    refused "the job of $1 could not be written down"
  }
  printf '%s\t%s\n' "$1" "$id"
  sent=$((sent + 1))
}

refused() {
  [[ $is_made == no || $sent != 0 ]] || die 2 "$1: nothing is submitted"
  [[ -n ${AUTOML_RUN-} ]] || say "the same script, once more, goes on from there"
  die 1 "$1; $sent jobs are submitted"
}

# What stands before that in every job: the environment is that of a login, whoever submits it.
head() {
  printf '#!/bin/bash -l\n'
  printf '%s=%q\n' run "$run" python "$python"
  printf 'set -e\n'
}

finish() {
  say "$sent jobs submitted; \`squeue --me\` shows them"
  exit 0
}
