# How the script of a workflow with a schedule has Slurm run it. It stands in that script, behind what it is told there:
# workflow, folder, zone, concurrency and suspended.

begin_mark="# automl: $workflow" end_mark="# automl: end of $workflow" kept=''

# die SENTENCE
die() {
  printf 'automl: %s\n' "$1" >&2
  exit 2
}

# Find what is needed here: begin [--remove]
begin() {
  local runs=${AUTOML_RUNS:-$folder}
  [[ $runs == /* ]] || runs=$PWD/$runs
  type -P scrontab >/dev/null || die "there is no \`scrontab\` here: leave \`schedule\` out, and let cron run the script with \`--new\`"
  kept=$runs/.schedules/$workflow.sh
  case ${1-} in
    '') ;;
    --remove) remove ;;
    *) die "$1 is not known: only \`--remove\` is, which ends the schedule" ;;
  esac
  [[ $kept =~ ^[A-Za-z0-9_./+@,=-]+$ ]] || die "Slurm takes no command with signs of $kept: say another \`folder\`"
  same_zone
  mkdir -p -- "${kept%/*}"
}

# The times of the schedule are those of another zone: is it here as late as there, in winter and in summer?
same_zone() {
  local day year
  year=$(date +%Y)
  [[ $zone == UTC || -e /usr/share/zoneinfo/$zone ]] || die "nothing is known here of the time zone $zone"
  for day in now "$year-01-01 12:00" "$year-07-01 12:00"; do
    [[ $(date -d "$day" +%z) == "$(TZ=$zone date -d "$day" +%z)" ]] ||
      die "Slurm goes by the time zone of the cluster, where it is now $(date '+%H:%M %Z'), and not by $zone: give \`timezone\` that of the cluster"
  done
}

# Keep the script of a run, and look whether all is there that a run needs: keep < the script
keep() {
  cat >"$kept.new"
  AUTOML_RUNS=${kept%/.schedules/*} bash "$kept.new" --check
  mv -f -- "$kept.new" "$kept"
}

# The lines of the other schedules.
others() {
  scrontab -l 2>/dev/null | awk -v from="$begin_mark" -v to="$end_mark" '$0 == from {own = 1} !own; $0 == to {own = 0}'
}

remove() {
  local lines
  lines=$(others)
  install_lines "$lines"
  rm -f -- "$kept"
  printf 'the schedule of %s is removed\n' "$workflow"
  exit 0
}

# Have these be all lines. With no end of questions some releases ask what to do if one is wrong.
install_lines() {
  printf '%s\n' "$1" >"$kept.tab"
  timeout 60 scrontab "$kept.tab" </dev/null || die "scrontab did not take $kept.tab"
  rm -f -- "$kept.tab"
}

# Have the script run at these times: schedule CRON [OPTION of sbatch...]
schedule() {
  local line="$1 AUTOML_RUNS=${kept%/.schedules/*} bash $kept --due $concurrency" lines
  [[ $suspended == no ]] || line="# suspended: $line"
  lines=$(
    others
    printf '%s\n' "$begin_mark"
    printf '#SCRON %s\n' "--job-name=$workflow.schedule" --no-requeue --open-mode=append "--output=${kept%.sh}.log" "${@:2}"
    printf '%s\n%s' "$line" "$end_mark"
  )
  install_lines "$lines"
  printf '%s runs at %s (%s)%s\n' "$workflow" "$1" "$zone" "$([[ $suspended == no ]] || echo ', when it is no longer suspended')"
  exit 0
}
