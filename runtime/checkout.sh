#!/bin/sh
# Checks a project out of git into $AUTOML_WORK/project. The token is used once and written nowhere.
set -eu
rm -rf "$AUTOML_WORK/project"
git init --quiet "$AUTOML_WORK/project"
cd "$AUTOML_WORK/project"
git remote add origin "$AUTOML_GIT_URL"
answer='!answer() { echo "username=${AUTOML_GIT_USERNAME:-x-access-token}"; echo "password=$AUTOML_GIT_TOKEN"; }; answer'
if [ -z "${AUTOML_GIT_TOKEN:-}" ]; then answer=''; fi
git -c credential.helper="$answer" -c http.followRedirects=initial fetch --quiet --depth 1 origin "$AUTOML_GIT_REF"
git checkout --quiet --detach FETCH_HEAD
commit=$(git rev-parse HEAD)
case $AUTOML_GIT_REF in
  *[!0-9a-f]*) ;;
  ????????????????????????????????????????)
    if [ "$commit" != "$AUTOML_GIT_REF" ]; then
      echo "automl: asked for commit $AUTOML_GIT_REF, got $commit" >&2
      exit 1
    fi ;;
esac
echo "automl: checked out $commit"
