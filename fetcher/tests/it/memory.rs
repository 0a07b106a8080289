//! Looking for a value in this process's own memory.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use leakward_fetcher::{SecretProvider, SecretsManager};

use crate::bao::{Bao, ROOT};

/// A value that this process never holds except where it is tested: here it is kept disguised.
pub(crate) struct Canary(pub(crate) [u8; 24]);

pub(crate) const DISGUISE: u8 = 0x5a;

/// Held by the one test that looks: what another has just read into its buffer would be found there as well.
static LOOKING: Mutex<()> = Mutex::new(());

impl Canary {
    pub(crate) fn new() -> Self {
        let letter = |_| fastrand::alphanumeric() as u8 ^ DISGUISE;
        Self(std::array::from_fn(letter))
    }

    /// Uses the value, and wipes the copy that this takes.
    pub(crate) fn with<T>(&self, using: impl FnOnce(&[u8]) -> T) -> T {
        let plain = zeroize::Zeroizing::new(self.0.map(|byte| byte ^ DISGUISE));
        using(&*plain)
    }

    fn is_at(&self, text: &[u8]) -> bool {
        text.iter().zip(self.0).all(|(byte, disguised)| *byte == disguised ^ DISGUISE)
    }

    /// How often the value is in `text`.
    pub(crate) fn count(&self, text: &[u8]) -> usize {
        let first = self.0[0] ^ DISGUISE;
        text.windows(self.0.len()).filter(|window| window[0] == first && self.is_at(window)).count()
    }

    /// How often the value is in this process's memory.
    pub(crate) fn count_in_memory(&self) -> usize {
        let _alone = LOOKING.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = File::open("/proc/self/mem").unwrap();
        let mut buffer = vec![0_u8; 1 << 16];
        // What was read into the buffer would be found in the buffer.
        let own = buffer.as_ptr() as u64..buffer.as_ptr() as u64 + buffer.len() as u64;
        let mut found = 0;
        for line in fs::read_to_string("/proc/self/maps").unwrap().lines() {
            let (range, rest) = line.split_once(' ').unwrap();
            let (start, end) = range.split_once('-').unwrap();
            let number = |text| u64::from_str_radix(text, 16).unwrap();
            let (start, end) = (number(start), number(end));
            if !rest.starts_with("rw") {
                continue;
            }
            for (from, to) in [(start, end.min(own.start)), (start.max(own.end), end)] {
                found += self.count_between(&memory, &mut buffer, from, to);
            }
        }
        found
    }

    fn count_between(&self, memory: &File, buffer: &mut [u8], mut at: u64, end: u64) -> usize {
        let mut found = 0;
        while at < end {
            let length = buffer.len().min((end - at) as usize);
            let piece = &mut buffer[..length];
            if memory.read_exact_at(piece, at).is_ok() {
                found += self.count(piece);
            }
            // Also after half a read.
            piece.fill(0);
            // A value may lie across two pieces.
            let last = at + length as u64 == end;
            at += if last { length as u64 } else { (length + 1 - self.0.len()) as u64 };
        }
        found
    }
}

/// Reads `path` through a client of `provider` and drops everything; counts while it is held and after.
pub(crate) async fn held_and_after(
    canary: &Canary,
    provider: impl SecretProvider,
    path: &str,
) -> (usize, usize) {
    let manager = SecretsManager::new(provider).unwrap();
    let reading = manager.read_path(path).await.unwrap();
    let held = canary.count_in_memory();
    drop(reading);
    manager.shutdown().await;
    drop(manager);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    (held, canary.count_in_memory())
}

/// Tells OpenBao the value through a file, by a program of its own.
pub(crate) fn tell(bao: &Bao, canary: &Canary) {
    let body = bao.file("body.json", "");
    canary.with(|value| {
        let text = [br#"{"data":{"value":""#, value, br#""}}"#].concat();
        let text = zeroize::Zeroizing::new(text);
        fs::write(&body, &*text).unwrap();
    });
    let ca = bao.ca();
    let mut curl = Command::new("curl");
    curl.args(["-sf", "-H", &format!("X-Vault-Token: {ROOT}"), "-X", "POST", "-o", "/dev/null"]);
    curl.arg("--data-binary").arg(format!("@{}", body.display()));
    if ca.exists() {
        curl.arg("--cacert").arg(ca);
    }
    curl.arg(format!("{}/v1/secret/data/canary", bao.address));
    assert!(curl.status().unwrap().success());
}
