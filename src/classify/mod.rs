//! Judges generic values: secret, reference, placeholder or noise. Pure and deterministic.
