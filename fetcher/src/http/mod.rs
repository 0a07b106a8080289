//! A small HTTP/1.1 client whose every buffer is wiped. Knows nothing of managers.
//!
//! Why not hyper: values pass through the read buffers of whatever speaks HTTP and TLS, and neither hyper's nor the
//! buffered rustls connection's can be wiped. Here the bytes live in [`Buffer`]s only: `httparse` reads the head, the
//! unbuffered rustls connection decrypts in place (and leaves one copy of its own, see `tls.rs`). What is left out on purpose: redirects, cookies, compression,
//! HTTP/2, proxies.

mod address;
mod buffer;
mod client;
mod connection;
mod message;
mod tls;

pub use address::{Address, AddressError};
pub use buffer::Buffer;
pub use client::{HttpClient, HttpError, Limits};
pub use message::{Method, Request, Response};
pub use tls::{TlsError, TlsSettings};
