# What the sealed server may do at the unsealing one.
path "transit/encrypt/unseal-payments" {
  capabilities = ["update"]
}

path "transit/decrypt/unseal-payments" {
  capabilities = ["update"]
}
