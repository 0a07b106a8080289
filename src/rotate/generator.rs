//! New values.

use leakward_fetcher::Secret;
use leakward_fetcher::provider::SecretKeeper;
use zeroize::Zeroizing;

use super::RotateError;

/// Who makes the new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Generator {
    /// We do: so many letters and digits, of each kind at least one.
    Here(usize),
    /// The manager does, by its rules of that name (Vault's password policies).
    Manager(String),
}

/// Letters and digits, which need no escaping anywhere.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

impl Generator {
    /// Shortest value that is made here: 95 bits of chance.
    pub const SHORTEST: usize = 16;
    /// Usual length of a value that is made here: 190 bits of chance.
    pub const USUAL: usize = 32;

    /// A new value.
    ///
    /// # Errors
    /// The manager knows no such rules, or the system has no random numbers.
    pub async fn make(&self, keeper: &dyn SecretKeeper) -> Result<Secret, RotateError> {
        match self {
            Self::Manager(rules) => {
                keeper.generate(rules).await.map_err(RotateError::manager(format!("password policy {rules}")))
            }
            Self::Here(length) => drawn((*length).max(Self::SHORTEST)),
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Here(length) => format!("{length} random letters and digits"),
            Self::Manager(rules) => format!("by the manager's password policy {rules}"),
        }
    }
}

/// So many letters and digits; drawn again while a kind is missing, which takes nothing from their evenness.
fn drawn(length: usize) -> Result<Secret, RotateError> {
    loop {
        let mut text = Zeroizing::new(Vec::with_capacity(length));
        while text.len() < length {
            let mut random = Zeroizing::new([0; 64]);
            getrandom::fill(random.as_mut()).map_err(|e| RotateError::System(e.to_string()))?;
            // 248 is the largest multiple of 62 in a byte: what lies above would favour the first letters.
            let even = random.iter().filter(|&&b| b < 248).map(|&b| ALPHABET[usize::from(b % 62)]);
            let missing = length - text.len();
            text.extend(even.take(missing));
        }
        let has = |kind: fn(&u8) -> bool| text.iter().any(kind);
        if has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit) {
            return Ok(Secret::copy_of(&text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_every_kind_of_character_and_do_not_repeat() {
        let (one, other) = (drawn(16).unwrap(), drawn(16).unwrap());
        assert!(one != other && one.len() == 16);
        let text = one.expose_text().unwrap();
        assert!(
            text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_alphanumeric())
        );
    }
}
