//! Masks values that are held, in any text on its way out. Usable without the client: values may be added by hand.
//!
//! The search automaton holds copies of the values it looks for. They leave when the value does, at the
//! next masking, but are not wiped: who turns this on trades that for logs that cannot leak.

mod forms;
#[cfg(feature = "redact-layer")]
mod layer;
mod writer;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aho_corasick::{AhoCorasick, MatchKind};
use arc_swap::ArcSwapOption;

use self::forms::forms;
use crate::cache::Entry;
use crate::client::ValueObserver;
use crate::secret::{Secret, SecretRef};

#[cfg(feature = "redact-layer")]
pub use layer::Masked;
pub use writer::RedactingWriter;

/// What stands in place of a value.
pub const MASK: &str = "[secret]";
/// Values shorter than this are not masked, in bytes: they would be found everywhere.
pub const SHORTEST: usize = 5;

/// Masks values in text: as they are, and in their base64, percent-encoded, hex and JSON-escaped forms; of a
/// value that is a JSON object also each of its texts. Clones share everything.
#[derive(Clone, Default)]
pub struct Redactor {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Looks for all values; `None` when there are none.
    search: ArcSwapOption<AhoCorasick>,
    /// Whether values came or went since `search` was made.
    dirty: AtomicBool,
    values: Mutex<Values>,
}

#[derive(Default)]
struct Values {
    /// Not kept alive: a value that was wiped need not be masked any more.
    held: HashMap<SecretRef, Vec<Weak<Secret>>>,
    added: Vec<Arc<Secret>>,
}

impl Redactor {
    /// A redactor without values. Give it to the client's builder as an observer, or add values by hand.
    pub fn new() -> Self {
        Self::default()
    }

    /// Masks `secret` from now on, for as long as the redactor lives.
    pub fn add(&self, secret: Arc<Secret>) {
        self.values(|values| values.added.push(secret));
    }

    /// `text` with every value masked; borrowed when there is none in it.
    pub fn mask<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        if self.shared.dirty.swap(false, Ordering::AcqRel) {
            self.rebuild();
        }
        let search = self.shared.search.load();
        let Some(search) = &*search else { return Cow::Borrowed(text) };
        let (mut masked, mut kept) = (Vec::new(), 0);
        for found in search.find_iter(text) {
            masked.extend_from_slice(&text[kept..found.start()]);
            masked.extend_from_slice(MASK.as_bytes());
            kept = found.end();
        }
        if kept == 0 {
            return Cow::Borrowed(text);
        }
        masked.extend_from_slice(&text[kept..]);
        Cow::Owned(masked)
    }

    /// The same for text.
    pub fn mask_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.mask(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // A value that is not UTF-8 may have been cut out of the middle of a character.
            Cow::Owned(masked) => Cow::Owned(String::from_utf8_lossy(&masked).into_owned()),
        }
    }

    /// Masks all that is written through it. For logs see `Redactor::layer` (feature `redact-layer`), or
    /// `fmt().with_writer(move || redactor.writer(std::io::stderr()))`.
    pub fn writer<W: std::io::Write>(&self, to: W) -> RedactingWriter<W> {
        RedactingWriter::new(self.clone(), to)
    }

    fn values(&self, change: impl FnOnce(&mut Values)) {
        change(&mut self.shared.values.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.dirty.store(true, Ordering::Release);
    }

    fn rebuild(&self) {
        let mut values = self.shared.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.held.retain(|_, secrets| {
            secrets.retain(|secret| secret.strong_count() > 0);
            !secrets.is_empty()
        });
        let mut patterns = Vec::new();
        for secret in values.held.values().flatten().filter_map(Weak::upgrade) {
            forms(&secret, &mut patterns);
        }
        for secret in &values.added {
            forms(secret, &mut patterns);
        }
        let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&patterns);
        // Fails only beyond two billion states. Then nothing could be masked, which must not pass in silence.
        if search.is_err() {
            tracing::error!("there are too many values to mask: logs are not redacted");
        }
        let search = search.ok().filter(|_| !patterns.is_empty());
        self.shared.search.store(search.map(Arc::new));
    }
}

impl ValueObserver for Redactor {
    fn held(&self, secret: &SecretRef, entry: &Arc<Entry>) {
        // The version before it stays on the list for as long as somebody has it.
        let weak = entry.weak_secret();
        self.values(|values| {
            let secrets = values.held.entry(secret.clone()).or_default();
            // A refresh that confirms a value comes by with the same one.
            if !secrets.iter().any(|known| known.ptr_eq(&weak)) {
                secrets.push(weak);
            }
        });
    }

    fn dropped(&self, secret: &SecretRef) {
        let _ = secret;
        self.shared.dirty.store(true, Ordering::Release);
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}
