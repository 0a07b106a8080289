# The server that holds the secrets. `prove.sh` replaces the words in capital letters.
cluster_name = "payments"
api_addr     = "https://bao.example.com:8200"
cluster_addr = "https://bao.example.com:8201"

storage "raft" {
  path    = "DATA_DIR"
  node_id = "bao-1"
}

listener "tcp" {
  address         = "LISTEN_ADDRESS"
  cluster_address = "CLUSTER_ADDRESS"
  tls_cert_file   = "TLS_DIR/server.pem"
  tls_key_file    = "TLS_DIR/server.key"
  tls_min_version = "tls13"
}

# Unsealed by another server, so that a restart needs nobody. Its token comes from the environment
# (VAULT_TOKEN of the server's unit), never from this file, and may use this one key only.
seal "transit" {
  address     = "TRANSIT_ADDRESS"
  tls_ca_cert = "TLS_DIR/ca.pem"
  mount_path  = "transit/"
  key_name    = "unseal-payments"
}

audit "file" "requests" {
  description = "every request and answer, values as keyed hashes"
  options {
    file_path = "AUDIT_LOG"
    mode      = "0600"
  }
}

telemetry {
  prometheus_retention_time = "30m"
  disable_hostname          = true
}

default_lease_ttl = "1h"
max_lease_ttl     = "24h"
disable_mlock     = true # raft with mlock wants swap off; put the data on an encrypted disk instead
