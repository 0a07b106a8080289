//! What is kept of who asked for what.

use std::io::Write;
use std::sync::{Arc, Mutex};

use leakward_fetcher::client::JsonLines;
use leakward_fetcher::{FaultKind, Policy};

use crate::rig::{Rig, current, fault};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    /// Caller, deed, secret and outcome of each line.
    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let line = |line: &str| {
            let json: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(json["at"].as_u64().unwrap() > 1_700_000_000_000 && json["provider"] == "mock");
            let word = |name: &str| json[name].as_str().unwrap_or("-").to_owned();
            ["caller", "deed", "secret", "version", "outcome"].map(word).join(" ")
        };
        text.lines().map(line).collect()
    }
}

#[tokio::test]
async fn calls_to_the_provider_are_kept_and_reads_where_wanted() {
    for reads in [false, true] {
        let paper = Paper::default();
        let sink = JsonLines::new(paper.clone());
        let rig = Rig::with(Policy::default(), |b| {
            let b = b.audit(sink);
            if reads { b.audit_reads() } else { b }
        });
        rig.mock.put("db/main", "hunter2");
        let payments = rig.manager.on_behalf_of("payments");
        payments.read(&current("db/main")).await.unwrap();
        payments.read(&current("db/main")).await.unwrap();
        rig.mock.fail_next("db/none", 1, fault(FaultKind::Denied));
        rig.manager.read(&current("db/none")).await.unwrap_err();
        let all = [
            "- fetch db/main 1 ok",
            "payments read db/main 1 ok",
            "payments read db/main 1 ok",
            "- fetch db/none - denied",
            "- read db/none - denied",
        ];
        let expected: Vec<_> = all.into_iter().filter(|line| reads || line.contains("fetch")).collect();
        assert_eq!(paper.lines(), expected);
    }
}
