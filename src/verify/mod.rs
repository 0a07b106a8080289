//! The door to the organisation's own secrets managers: pulls what they hold, and compares it here.
//!
//! Values are read through the fetcher with read-only calls, hashed under a key that is drawn for this run and never
//! written down, and wiped. Found strings stay in this process, but for what `--lookup` names: tokens, accessors and
//! lease ids, which are looked up at the configured server and nowhere else.
//!
//! | file | what it knows |
//! |---|---|
//! | `settings` | `[managers.NAME]` of the configuration, or the usual environment |
//! | `reader` | which paths are read, in what order, and what did not answer |
//! | `lost` | versions that existed and cannot be compared |
//! | `pieces` | which parts of a stored value may leak by themselves |
//! | `holdings` | hashes of what was read, and where it lies |
//! | `forms` | which values a found text may stand for |
//! | `key_material` | public halves of keys and certificates |
//! | `lookup` | what our own server is asked about found tokens, on request |
//! | `ending` | how it is told to end them |
//! | `references` | whether what code refers to is there |
//! | `verification` | findings in, verdicts out |

#[cfg(feature = "fetcher")]
mod ending;
#[cfg(feature = "fetcher")]
mod error;
#[cfg(feature = "fetcher")]
mod forms;
#[cfg(feature = "fetcher")]
mod holdings;
#[cfg(feature = "fetcher")]
mod key_material;
#[cfg(feature = "fetcher")]
mod lookup;
#[cfg(feature = "fetcher")]
mod lost;
#[cfg(feature = "fetcher")]
mod pieces;
#[cfg(feature = "fetcher")]
mod reader;
mod references;
#[cfg(feature = "fetcher")]
mod settings;
#[cfg(feature = "fetcher")]
mod verification;

#[cfg(feature = "fetcher")]
pub use ending::Ending;
#[cfg(feature = "fetcher")]
pub use error::VerifyError;
#[cfg(feature = "fetcher")]
pub use lookup::{Handle, Held};
pub use references::CountedReferences;
#[cfg(feature = "fetcher")]
pub use references::References;
#[cfg(feature = "fetcher")]
pub use settings::ManagerSettings;
#[cfg(feature = "fetcher")]
pub use verification::{Exported, Verification};

/// Whether the user named the configuration, or it came with what is scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The user named it.
    Named,
    /// It was found among the scanned files, which whoever proposes a change may edit.
    Found,
}
