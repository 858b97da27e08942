
# Packs the project that was just checked out into one file that Python runs: START_PY OUTPUT.
printf '%s' "$1" >"$AUTOML_WORK/__main__.py"
tar -cf "$AUTOML_WORK/code.tar" -C "$AUTOML_WORK/project" .
mkdir -p "$(dirname "$2")"
git archive --format=zip -0 --output="$2" --add-file="$AUTOML_WORK/__main__.py" \
  --add-file="$AUTOML_WORK/code.tar" "$(git mktree </dev/null)"
