//! The scanners that people come from.

use std::sync::OnceLock;

use regex::Regex;

/// A scanner that people come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// gitleaks.
    Gitleaks,
    /// betterleaks, first version.
    Betterleaks,
    /// detect-secrets.
    DetectSecrets,
    /// trufflehog, third version.
    Trufflehog,
    /// kingfisher.
    Kingfisher,
    /// ggshield.
    Ggshield,
}

impl Tool {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Gitleaks,
        Self::Betterleaks,
        Self::DetectSecrets,
        Self::Trufflehog,
        Self::Kingfisher,
        Self::Ggshield,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gitleaks => "gitleaks",
            Self::Betterleaks => "betterleaks",
            Self::DetectSecrets => "detect-secrets",
            Self::Trufflehog => "trufflehog",
            Self::Kingfisher => "kingfisher",
            Self::Ggshield => "ggshield",
        }
    }

    /// The one whose program is called `program`.
    pub(super) fn of_program(program: &str) -> Option<Self> {
        let name = program.strip_suffix("-hook").unwrap_or(program);
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// The one whose repository on GitHub is `repository`, as `owner/name` or as an address.
    pub(super) fn of_repository(repository: &str) -> Option<Self> {
        let lower = repository.to_ascii_lowercase();
        let lower = lower.trim_end_matches('/').trim_end_matches(".git");
        let known = [
            ("gitleaks/gitleaks", Self::Gitleaks),
            ("zricethezav/gitleaks", Self::Gitleaks),
            ("gitleaks/gitleaks-action", Self::Gitleaks),
            ("zricethezav/gitleaks-action", Self::Gitleaks),
            ("betterleaks/betterleaks", Self::Betterleaks),
            ("betterleaks/betterleaks-action", Self::Betterleaks),
            ("yelp/detect-secrets", Self::DetectSecrets),
            ("ibm/detect-secrets", Self::DetectSecrets),
            ("trufflesecurity/trufflehog", Self::Trufflehog),
            ("mongodb/kingfisher", Self::Kingfisher),
            ("gitguardian/ggshield", Self::Ggshield),
            ("gitguardian/gg-shield", Self::Ggshield),
            ("gitguardian/ggshield-action", Self::Ggshield),
            ("gitguardian/gg-shield-action", Self::Ggshield),
            ("gitguardian/ggshield/actions/secret", Self::Ggshield),
        ];
        let fits = |name: &str| lower == name || lower.ends_with(&format!("/{name}"));
        known.iter().find(|(name, _)| fits(name)).map(|(_, tool)| *tool)
    }

    /// The one that `line` names.
    pub(super) fn named_in(line: &str) -> Option<Self> {
        static NAMES: OnceLock<Regex> = OnceLock::new();
        let names = NAMES.get_or_init(|| {
            Regex::new(
                r"(?i)(gitleaks|betterleaks|detect[-_]secrets|trufflehog|kingfisher|ggshield|gitguardian)",
            )
            .expect("a list of names is a pattern")
        });
        let name = names.find(line)?.as_str().to_ascii_lowercase().replace('_', "-");
        if name == "gitguardian" { Some(Self::Ggshield) } else { Self::of_program(&name) }
    }
}
