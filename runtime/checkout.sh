#!/bin/sh
# Checks a project out of git into $AUTOML_WORK/project. The token is used once and written nowhere.
set -eu
export GIT_TERMINAL_PROMPT=0

fail() {
  echo "automl: $*" >&2
  exit 1
}

rm -rf "$AUTOML_WORK/project"
git init --quiet "$AUTOML_WORK/project"
cd "$AUTOML_WORK/project"
git remote add origin "$AUTOML_GIT_URL"

# Git runs this function when the server of the URL, and no other, asks who we are.
# shellcheck disable=SC2016 # the shell that git starts reads the variables
answer='!answer() { printf "username=%s\npassword=%s\n" "${AUTOML_GIT_USERNAME:-x-access-token}" "$AUTOML_GIT_TOKEN"; }; answer'
if [ -z "${AUTOML_GIT_TOKEN:-}" ]; then answer=''; fi
path=${AUTOML_GIT_URL#*://*/}
server=${AUTOML_GIT_URL%"/$path"}

get() {
  git -c credential.helper= -c "credential.$server.helper=$answer" -c http.followRedirects=initial fetch --quiet "$@"
}

from="from $AUTOML_GIT_URL"
wanted=FETCH_HEAD
case $AUTOML_GIT_REF in
  *[!0-9a-fA-F]* | ? | ?? | ??? | ???? | ????? | ??????)
    get --depth 1 -- origin "$AUTOML_GIT_REF" || fail "cannot fetch $AUTOML_GIT_REF $from" ;;
  *)
    # A commit that is shortened, or that the server gives with its branches alone, takes the whole history.
    if ! get --depth 1 -- origin "$AUTOML_GIT_REF" 2>/dev/null; then
      get --tags -- origin '+refs/heads/*:refs/remotes/origin/*' || fail "cannot fetch $AUTOML_GIT_REF $from"
      wanted=$(git rev-parse --verify "$AUTOML_GIT_REF^{commit}") || fail "cannot fetch the commit $AUTOML_GIT_REF $from"
    fi ;;
esac
git checkout --quiet --detach "$wanted"
commit=$(git rev-parse HEAD)
case $AUTOML_GIT_REF in
  *[!0-9a-f]*) ;;
  ????????????????????????????????????????)
    [ "$commit" = "$AUTOML_GIT_REF" ] || fail "asked for commit $AUTOML_GIT_REF, got $commit" ;;
esac
echo "automl: checked out $commit"
