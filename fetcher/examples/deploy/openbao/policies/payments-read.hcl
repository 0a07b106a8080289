# What the payments service reads: one static secret, one dynamic login. No wildcard.
path "secret/data/payments/stripe" {
  capabilities = ["read"]
}

# Which version is current, without the value: cheap checks between refreshes.
path "secret/metadata/payments/stripe" {
  capabilities = ["read"]
}

path "database/creds/payments" {
  capabilities = ["read"]
}

path "sys/leases/renew" {
  capabilities = ["update"]
}

path "sys/leases/revoke" {
  capabilities = ["update"]
}

path "auth/token/renew-self" {
  capabilities = ["update"]
}

path "auth/token/revoke-self" {
  capabilities = ["update"]
}
