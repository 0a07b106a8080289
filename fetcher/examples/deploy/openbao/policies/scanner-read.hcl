# What the scanner reads to tell which leaks are live: values and metadata of the mounts it verifies against.
# A subtree cannot be named by exact paths; keep it to the mounts that hold application secrets.
path "secret/data/payments/*" {
  capabilities = ["read"]
}

path "secret/metadata/payments/*" {
  capabilities = ["read", "list"]
}

path "auth/token/lookup-self" {
  capabilities = ["read"]
}
