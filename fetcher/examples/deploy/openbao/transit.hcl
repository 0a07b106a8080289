# The server that unseals the other one. It holds one key and nothing else.
api_addr     = "https://unseal.example.com:8200"
cluster_addr = "https://unseal.example.com:8201"

storage "raft" {
  path    = "DATA_DIR"
  node_id = "unseal-1"
}

listener "tcp" {
  address         = "LISTEN_ADDRESS"
  cluster_address = "CLUSTER_ADDRESS"
  tls_cert_file   = "TLS_DIR/server.pem"
  tls_key_file    = "TLS_DIR/server.key"
  tls_min_version = "tls13"
}

audit "file" "requests" {
  options {
    file_path = "AUDIT_LOG"
    mode      = "0600"
  }
}

disable_mlock = true
