//! An emulator of AWS, stopped when dropped.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) struct Emulator {
    child: Child,
    pub(crate) address: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ministack,
    Moto,
}

impl Emulator {
    /// Starts one on a free port of 127.0.0.1.
    pub(crate) fn start(kind: Kind) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = match kind {
            Kind::Ministack => {
                let mut command = Command::new(program("ministack"));
                command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string());
                command
            }
            Kind::Moto => {
                let mut command = Command::new(program("moto_server"));
                command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
                command
            }
        };
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let emulator = Self { child, address: format!("http://127.0.0.1:{port}") };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{kind:?} did not become ready");
            std::thread::sleep(Duration::from_millis(50));
        }
        emulator
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(name: &str) -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools");
    let tools = std::env::var_os("LEAKWARD_TOOLS").map_or(default, PathBuf::from);
    let program = tools.join("venv/bin").join(name);
    assert!(program.exists(), "no {}: run tests/setup.sh", program.display());
    program
}
