//! `leakward view FILE`: a report as a page, served to this machine alone.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use super::report::ReportFlags;
use super::{Failure, heading};
use crate::report::{Format, Options, Root};

/// serve a report as a page for a browser on this machine
///
/// Reads what `leakward report` reads. The page is served on the loopback address, under a path that nobody can
/// guess, until the program is ended; it loads nothing from elsewhere.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    source: ReportFlags,
    /// port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0, help_heading = heading::OUTPUT)]
    port: u16,
    /// show secrets that stand in FILE as they are
    #[arg(long, help_heading = heading::OUTPUT)]
    show_secrets: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let told = self.source.read()?;
        let options = Options { show_secrets: self.show_secrets, ..Options::for_file() };
        let mut body = Vec::new();
        let root = Root::default();
        Format::Html.reporter(&options).report(&told.summary(&root), &mut body).map_err(Failure::new)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).map_err(|e| {
            Failure::new(format_args!("cannot listen on 127.0.0.1:{}: {e}", self.port))
                .help("leave --port out to take a free one")
        })?;
        let port = listener.local_addr().map_err(Failure::new)?.port();
        let page = Page { port, token: token()?, body };
        println(&format!("http://127.0.0.1:{port}/{}/", page.token))?;
        for stream in listener.incoming().flatten() {
            let page = &page;
            // One reader after the other; one that says nothing is left after a while.
            let _ = page.answer(&stream);
        }
        Ok(0)
    }
}

fn println(line: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Failure::new)
}

/// 128 random bits in hex.
fn token() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|e| Failure::new(format_args!("no random numbers: {e}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Bytes that a request's head may have.
const HEAD: usize = 16 << 10;
/// Time for a whole request.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is served, and to whom.
struct Page {
    port: u16,
    token: String,
    body: Vec<u8>,
}

impl Page {
    fn answer(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE * 5))?;
        let mut head = Vec::new();
        let status = loop {
            let mut buffer = [0; 2048];
            let read = (&*stream).read(&mut buffer)?;
            head.extend_from_slice(&buffer[..read]);
            match self.status(&head) {
                Some(status) => break status,
                None if read == 0 || head.len() > HEAD => break "400 Bad Request",
                None => {}
            }
        };
        let body = if status == OK { &*self.body } else { status.as_bytes() };
        let kind = if status == OK { "text/html" } else { "text/plain" };
        let first = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}; charset=utf-8\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
             x-content-type-options: nosniff\r\nx-frame-options: DENY\r\nreferrer-policy: no-referrer\r\n\
             cross-origin-opener-policy: same-origin\r\ncross-origin-resource-policy: same-origin\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let mut stream = stream;
        stream.write_all(first.as_bytes())?;
        if !head.starts_with(b"HEAD ") {
            stream.write_all(body)?;
        }
        stream.flush()
    }

    /// The answer to the request that begins with `head`; `None` while its head is not whole.
    fn status(&self, head: &[u8]) -> Option<&'static str> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(head) {
            Ok(httparse::Status::Partial) => return None,
            Ok(httparse::Status::Complete(_)) => {}
            Err(_) => return Some("400 Bad Request"),
        }
        // A page of another site that has a name lead here is told nothing.
        let hosts: Vec<_> =
            request.headers.iter().filter(|h| h.name.eq_ignore_ascii_case("host")).map(|h| h.value).collect();
        let ours = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port));
        if !matches!(hosts[..], [host] if ours.iter().any(|our| our.as_bytes() == host)) {
            return Some("403 Forbidden");
        }
        if !matches!(request.method, Some("GET" | "HEAD")) {
            return Some("405 Method Not Allowed");
        }
        let path = format!("/{}/", self.token);
        Some(if request.path == Some(&path) { OK } else { "404 Not Found" })
    }
}

const OK: &str = "200 OK";

#[cfg(test)]
mod tests {
    use super::*;

    fn status(head: &str) -> Option<&'static str> {
        Page { port: 8080, token: "t0ken".to_owned(), body: Vec::new() }.status(head.as_bytes())
    }

    #[test]
    fn whoever_knows_the_path_and_asks_this_machine_is_answered() {
        assert_eq!(status("GET /t0ken/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"), Some(OK));
        assert_eq!(status("HEAD /t0ken/ HTTP/1.1\r\nhost: localhost:8080\r\n\r\n"), Some(OK));
        assert_eq!(status("GET /t0ken/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"), None);
    }

    #[test]
    fn nobody_else_is() {
        for (head, answer) in [
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", "404 Not Found"),
            ("GET /t0ken HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", "404 Not Found"),
            ("GET /t0ken/ HTTP/1.1\r\nHost: evil.example:8080\r\n\r\n", "403 Forbidden"),
            ("GET /t0ken/ HTTP/1.1\r\nHost: 127.0.0.1:8081\r\n\r\n", "403 Forbidden"),
            ("GET /t0ken/ HTTP/1.1\r\n\r\n", "403 Forbidden"),
            ("GET /t0ken/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nHost: evil.example\r\n\r\n", "403 Forbidden"),
            ("POST /t0ken/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", "405 Method Not Allowed"),
            ("\0\0\r\n\r\n", "400 Bad Request"),
        ] {
            assert_eq!(status(head), Some(answer), "{head}");
        }
    }
}
