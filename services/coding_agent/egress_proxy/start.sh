#!/bin/sh
# Fills the template in and gives its place to squid. EGRESS_ALLOWED_HOSTS: domains, separated by commas; .example.com is the
# domain and all below it.
set -eu

here=$(dirname "$0")
folder=${EGRESS_FOLDER:-/tmp}
domains=$(printf '%s' "${EGRESS_ALLOWED_HOSTS:?EGRESS_ALLOWED_HOSTS must name the domains that tasks may reach}" | tr ',' '\n' | sed 's/^ *//; s/ *$//' | sed '/^$/d')
[ -n "$domains" ] || { echo "EGRESS_ALLOWED_HOSTS names no domain" >&2; exit 1; }
# A value that is no domain would be a directive of squid's, or an address inside.
if printf '%s\n' "$domains" | grep -Evq '^\.?([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$'; then
    echo "EGRESS_ALLOWED_HOSTS must hold domains only, like github.com or .example.com" >&2
    exit 1
fi
sed -e "s/@DOMAINS@/$(printf '%s' "$domains" | tr '\n' ' ')/" \
    -e "s/@PORT@/${EGRESS_PORT:-3128}/" \
    -e "s/@TLS_PORT@/443/" \
    -e "s/@INSIDE@//" \
    -e "s|@LOG@|/dev/stdout|" \
    -e "s|@ERRORS@|/dev/stderr|" \
    "$here/squid.conf.template" > "$folder/squid.conf"
exec squid -N -f "$folder/squid.conf"
