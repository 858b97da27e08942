
# Packs the project that was just checked out into one file that Python runs: OUTPUT, then a NAME and a TEXT for each script.
output=$1
shift
scripts=$(($# / 2))
while [ "$scripts" -gt 0 ]; do
  printf '%s' "$2" >"$AUTOML_WORK/$1"
  set -- "$@" --add-file="$AUTOML_WORK/$1"
  shift 2
  scripts=$((scripts - 1))
done
tar -cf "$AUTOML_WORK/code.tar" -C "$AUTOML_WORK/project" .
mkdir -p "$(dirname "$output")"
git archive --format=zip -0 --output="$output" "$@" --add-file="$AUTOML_WORK/code.tar" "$(git mktree </dev/null)"
