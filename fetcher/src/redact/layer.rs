//! A layer of `tracing-subscriber` whose lines are masked.

use tracing::{Metadata, Subscriber};
use tracing_subscriber::fmt::format::{DefaultFields, Format};
use tracing_subscriber::fmt::{Layer, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use super::{RedactingWriter, Redactor};

/// Makes writers that mask.
#[derive(Clone, Debug)]
pub struct Masked<M> {
    redactor: Redactor,
    to: M,
}

impl Redactor {
    /// A layer that writes events to `to` with every value masked, wherever in the line it stands: message, field, or a
    /// span's field. Its format may still be changed, to JSON for one; its writer may not, or nothing is masked.
    ///
    /// ```
    /// use leakward_fetcher::redact::Redactor;
    /// use tracing_subscriber::layer::SubscriberExt as _;
    ///
    /// let redactor = Redactor::new(); // also give it to the client's builder, as an observer
    /// let subscriber = tracing_subscriber::registry().with(redactor.layer(std::io::stderr).with_target(false));
    /// tracing::subscriber::with_default(subscriber, || tracing::info!("masked from here on"));
    /// ```
    pub fn layer<S, M>(&self, to: M) -> Layer<S, DefaultFields, Format, Masked<M>>
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
        M: for<'w> MakeWriter<'w> + 'static,
    {
        tracing_subscriber::fmt::layer().with_writer(Masked { redactor: self.clone(), to })
    }
}

impl<'w, M: MakeWriter<'w>> MakeWriter<'w> for Masked<M> {
    type Writer = RedactingWriter<M::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        self.redactor.writer(self.to.make_writer())
    }

    fn make_writer_for(&'w self, about: &Metadata<'_>) -> Self::Writer {
        self.redactor.writer(self.to.make_writer_for(about))
    }
}
