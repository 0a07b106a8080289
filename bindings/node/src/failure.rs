//! Failures on their way to JavaScript. A promise's error can carry a text alone, so the kind is its first line;
//! `index.js` makes a `LeakwardError` of it.

use leakward_shared::Failure;
use napi::Error;

pub(crate) fn raise(failure: Failure) -> Error {
    Error::from_reason(format!("{}\n{}", failure.kind, failure.message))
}
