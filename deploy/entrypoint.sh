#!/bin/sh
# What a container of the image does: web, engine, worker-page, worker-bulk, mail, alive (for its health), or a manage.py command.
set -eu
cd /app
what="${1:-web}"
[ $# -eq 0 ] || shift
worker() {
    CELERY_WORKER=1
    CELERY_SKIP_CHECKS=1
    export CELERY_WORKER CELERY_SKIP_CHECKS
    exec celery --quiet -A servicedesk worker -Q "$1" -n "$1@%h" -c 4 -l WARNING --without-mingle --without-gossip
}
case "$what" in
web)
    exec granian --interface wsgi --no-ws --host "${BIND:-0.0.0.0}" --port "${PORT:-8000}" --workers "${WEB_CONCURRENCY:-2}" \
        --blocking-threads 8 --respawn-failed-workers --workers-kill-timeout 3 servicedesk.wsgi:application
    ;;
worker-page) worker page ;;
worker-bulk) worker bulk ;;
mail) exec python manage.py listen_mail ;;
alive)
    exec python -c 'import os, urllib.request; urllib.request.urlopen("http://127.0.0.1:%s/healthz" % os.environ.get("PORT", "8000"), timeout=4)'
    ;;
*) exec python manage.py "$what" "$@" ;;
esac
