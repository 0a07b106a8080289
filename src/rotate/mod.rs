//! Gives what leaked a new value: in the manager, at what it opens (through hooks), and takes the old one out of force.
//!
//! Nothing is changed before the user consents; [`Plan`] says what would be. A rotation is written down in a private
//! file before each step, so that one that was cut off goes on, or is undone, when it is run again. No value is ever in
//! that file.
//!
//! | file | what it knows |
//! |---|---|
//! | `target` | what is rotated: a path of a manager, or a token, accessor, secret id or lease that was found |
//! | `plan` | the steps in words |
//! | `rotation` | the steps themselves, their order, and how they are undone |
//! | `turn` | those of rotations that the manager does itself |
//! | `journal` | the private file and its lock |
//! | `document` | a value with one field changed |
//! | `generator` | new values |
//! | `command_hook` | a command as one of the fetcher's rotation hooks |
//! | `revocation` | tokens, accessors, secret ids and leases, ended at our own server |
//! | `fault_point` | where a test may end the process |

mod command_hook;
mod document;
mod error;
mod fault_point;
mod generator;
mod journal;
mod plan;
mod revocation;
mod rotation;
mod target;
mod turn;

pub use command_hook::CommandHook;
pub use error::RotateError;
pub use generator::Generator;
pub use journal::{Journal, Record, Step};
pub use plan::Plan;
pub use revocation::Revocation;
pub use rotation::{Ended, Options, Rotation};
pub use target::Target;
