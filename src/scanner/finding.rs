//! One leaked secret.

use bstr::{BStr, ByteSlice};

use crate::model::{self, Secret};
use crate::report;
use crate::rule::{Confidence, Severity};

/// One leaked secret. `Debug` shows no value.
#[derive(Debug, Clone)]
pub struct Finding(model::Finding);

impl Finding {
    pub(super) const fn new(finding: model::Finding) -> Self {
        Self(finding)
    }

    /// Id of the rule that fired, such as `github-pat`; never reused for another rule.
    pub fn rule(&self) -> &str {
        &self.0.rule.id
    }

    /// What the rule looks for, for people.
    pub fn title(&self) -> &str {
        &self.0.rule.title
    }

    /// How bad the leak is.
    pub const fn severity(&self) -> Severity {
        self.0.severity
    }

    /// How sure the detector is.
    pub const fn confidence(&self) -> Confidence {
        self.0.confidence
    }

    /// Where it lies: separated by `/`, bytes as the system or git holds them; members of containers follow a `!`
    /// (`outer.zip!inner/file`). Empty for commit messages and unnamed bytes.
    pub fn path(&self) -> &BStr {
        self.0.origin.path.as_bstr()
    }

    /// Line on which the secret begins, from 1.
    pub const fn line(&self) -> u64 {
        self.0.region.start.line
    }

    /// Column at which the secret begins, in code points from 1.
    pub const fn column(&self) -> u64 {
        self.0.region.start.column
    }

    /// The secret as a half-open range of bytes of the file.
    pub const fn range(&self) -> std::ops::Range<usize> {
        self.0.span.start..self.0.span.end
    }

    /// Id in hex of the commit (or annotated tag) that holds it, when git was scanned.
    pub fn commit(&self) -> Option<&str> {
        self.0.origin.commit().map(|commit| commit.id.as_str())
    }

    /// The finding's stable name in hex: the same when its line moves or the secret is replaced by another. It is
    /// made without the value, so it may be shared.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint.to_string()
    }

    /// The value, decoded where it was encoded. Do not log it.
    pub const fn secret(&self) -> &Secret {
        &self.0.secret
    }

    /// What reports show in the value's place.
    pub fn masked(&self) -> String {
        // The mask is what makes it fit to be shown.
        report::mask(self.0.secret.expose(), &self.0.rule)
    }

    /// Whether something suppresses it.
    pub const fn is_suppressed(&self) -> bool {
        self.0.suppressed.is_some()
    }
}
