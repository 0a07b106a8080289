#!/usr/bin/env bash
# Sets up engines, policies and logins on a fresh server. Needs BAO_ADDR, BAO_CACERT and, once, a root token in
# BAO_TOKEN, which it revokes at the end. DB_HOST, DB_ADMIN and DB_ADMIN_PASSWORD name the database.
set -euo pipefail
cd "$(dirname "$0")"

bao secrets enable -path=secret kv-v2 >/dev/null
bao secrets enable database >/dev/null
bao policy write payments-read policies/payments-read.hcl >/dev/null
bao policy write scanner-read policies/scanner-read.hcl >/dev/null

# TLS to the database where it has it: sslmode=verify-full with the authority's certificate.
bao write database/config/payments \
  plugin_name=postgresql-database-plugin allowed_roles=payments \
  connection_url="postgresql://{{username}}:{{password}}@${DB_HOST:?}/postgres?sslmode=${DB_SSLMODE:-verify-full}" \
  username="${DB_ADMIN:?}" password="${DB_ADMIN_PASSWORD:?}" >/dev/null
# From here on nobody but the server knows the administrator's password.
bao write -f database/rotate-root/payments >/dev/null
bao write database/roles/payments db_name=payments default_ttl=15m max_ttl=4h \
  creation_statements="CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO \"{{name}}\";" \
  revocation_statements="REVOKE ALL ON ALL TABLES IN SCHEMA public FROM \"{{name}}\"; DROP ROLE IF EXISTS \"{{name}}\";" >/dev/null

# Machines outside Kubernetes: a secret id is used once, from a wrapping token, within ten minutes.
bao auth enable approle >/dev/null
bao write auth/approle/role/payments token_policies=payments-read token_ttl=20m token_max_ttl=4h \
  secret_id_ttl=10m secret_id_num_uses=1 >/dev/null

# Kubernetes: only this service account of this namespace.
if [ -n "${KUBERNETES_HOST:-}" ]; then
  bao auth enable kubernetes >/dev/null
  bao write auth/kubernetes/config kubernetes_host="$KUBERNETES_HOST" kubernetes_ca_cert=@"${KUBERNETES_CA:?}" \
    disable_local_ca_jwt=true >/dev/null
  bao write auth/kubernetes/role/payments bound_service_account_names=payments \
    bound_service_account_namespaces=payments audience=openbao token_policies=payments-read token_ttl=20m >/dev/null
fi

bao token revoke -self >/dev/null
