//! Live checks against servers that imitate providers' documented answers, and against servers that misbehave.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward::checksum::example::render;
use leakward::rule::RulePack;
use serde_json::Value;

use crate::live_answers::{ANSWERS, Held, Imitated};
use crate::sandbox::{Run, Sandbox};
use crate::server::{Asked, Certificates, Server, Told};

static CERTIFICATES: LazyLock<Certificates> = LazyLock::new(|| {
    let mut names: Vec<_> = ANSWERS.iter().map(|imitated| format!("DNS:{}", imitated.host)).collect();
    names.sort();
    names.dedup();
    Certificates::of(&names.join(","))
});

/// Whether `asked` holds a credential the way that `imitated` wants it.
fn holds(imitated: &Imitated, asked: &Asked) -> bool {
    let authorization = asked.header("authorization");
    let basic = || {
        let pair = STANDARD.decode(authorization.strip_prefix("Basic ")?).ok()?;
        let pair = String::from_utf8(pair).ok()?;
        pair.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
    };
    match imitated.held {
        Held::Header(name, prefix) => asked
            .header(name)
            .strip_prefix(prefix)
            .is_some_and(|token| token.len() >= 20 && !token.contains(' ')),
        Held::User(password) => basic().is_some_and(|(user, given)| given == password && user.len() >= 20),
        Held::Password(user) => {
            basic().is_some_and(|(given, password)| (user == "*" || given == user) && password.len() >= 20)
        }
        Held::Address => asked.path.len() + asked.query.len() > imitated.path.len() + 20,
        Held::Signature => {
            authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIA")
                && asked.body == "Action=GetCallerIdentity&Version=2011-06-15"
        }
    }
}

/// A server that is all providers at once.
fn providers(accepting: bool) -> Server {
    Server::tls(&CERTIFICATES, move |asked| {
        let host = asked.header("host");
        let fits = |i: &&Imitated| {
            let same = i.host.strip_prefix('*').map_or(host == i.host, |suffix| host.ends_with(suffix));
            same && i.method == asked.method && asked.path.starts_with(i.path)
        };
        match ANSWERS.iter().find(fits) {
            Some(imitated) if holds(imitated, asked) => {
                let (status, body) = if accepting { imitated.accepted } else { imitated.refused };
                Told::json(status, body)
            }
            _ => Told::json(400, "{}"),
        }
    })
}

/// Runs a scan of `sandbox` with live checks that `server` answers in place of `hosts`.
fn scan(sandbox: &Sandbox, port: u16, hosts: &[&str], more: &[&str]) -> Run {
    let mut arguments = vec!["scan".to_owned(), "--live".to_owned()];
    if !more.contains(&"--format=human") {
        arguments.push("--format=json".to_owned());
    }
    for host in hosts {
        arguments.push(format!("--live-resolve={host}=127.0.0.1:{port}"));
    }
    arguments.extend(more.iter().map(ToString::to_string));
    let mut command = sandbox.command(&arguments);
    command
        .env("SSL_CERT_FILE", CERTIFICATES.authority())
        .env_remove("HTTPS_PROXY")
        .env_remove("https_proxy");
    Run::of(&mut command)
}

/// Verdicts by file and rule.
fn verdicts(run: &Run) -> BTreeMap<(String, String), Value> {
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{e}: {run:?}"));
    let findings = report["findings"].as_array().unwrap();
    let entry = |f: &Value| {
        let text = |key: &str| f[key].as_str().unwrap().to_owned();
        ((text("path"), text("rule")), f["verdict"].clone())
    };
    findings.iter().map(entry).collect()
}

fn github(sandbox: &Sandbox) -> String {
    let token = render("{{github(\"ghp_\")}}", "live").unwrap();
    sandbox.file("a.env", format!("GH={token}\n"));
    token
}

const GITHUB: &[&str] = &["api.github.com"];

fn verdict_of_github(run: &Run) -> Value {
    verdicts(run).remove(&("a.env".to_owned(), "github-pat".to_owned())).unwrap()
}

#[test]
fn every_kind_that_can_be_asked_about_is_told_by_its_provider() {
    let pack = RulePack::builtin();
    let sandbox = Sandbox::new();
    let live: Vec<_> = pack.rules().iter().filter(|rule| rule.live.is_some()).collect();
    assert!(live.len() >= 40, "{}", live.len());
    let mut hosts: Vec<String> = ANSWERS.iter().map(|i| i.host.replace('*', "us12")).collect();
    let mut wanted = BTreeMap::new();
    let data_centre = regex::Regex::new("-(us[0-9]{1,2})\\b").unwrap();
    for rule in &live {
        let imitated = ANSWERS.iter().find(|i| i.rules.contains(&rule.id.as_ref()));
        let imitated = imitated.unwrap_or_else(|| panic!("no imitation answers for {}", rule.id));
        let starts = &rule.live.as_ref().unwrap().starts;
        let rendered = rule.positive.iter().map(|example| render(example, &rule.id).unwrap());
        let text =
            rendered.into_iter().find(|text| starts.is_empty() || starts.iter().any(|s| text.contains(&**s)));
        let mut text = text.unwrap_or_else(|| panic!("no example of {} can be asked about", rule.id));
        if rule.live.as_ref().unwrap().signature.is_some() && !text.contains("AKIA") {
            text = format!("aws_access_key_id=AKIA{}\n{text}", render("{{b32(16)}}", &rule.id).unwrap());
        }
        if let Some(dc) = data_centre.captures(&text) {
            hosts.push(format!("{}.api.mailchimp.com", &dc[1]));
        }
        sandbox.file(format!("{}.txt", rule.id), text + "\n");
        wanted.insert(rule.id.to_string(), imitated.verdict);
    }
    sandbox.file(".leakward.toml", "[live]\nrate = 10_000\n");
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    for accepting in [true, false] {
        let server = providers(accepting);
        let found = verdicts(&scan(&sandbox, server.port, &hosts, &[]));
        for (rule, refused) in &wanted {
            let verdict = found.get(&(format!("{rule}.txt"), rule.clone()));
            let state = verdict.and_then(|v| v["state"].as_str());
            assert_eq!(state, Some(if accepting { "active" } else { refused }), "{rule}: {verdict:?}");
        }
    }
}

#[test]
fn a_verdict_tells_what_the_provider_told_and_decides_the_exit_code() {
    let sandbox = Sandbox::new();
    let token = github(&sandbox);
    let server = providers(true);
    let run = scan(&sandbox, server.port, GITHUB, &["--fail-on=active", "--audit-log=audit.jsonl"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let verdict = verdict_of_github(&run);
    assert_eq!(
        (&verdict["host"], &verdict["notes"][0]),
        (&"api.github.com".into(), &"account octocat".into())
    );
    let audit = std::fs::read_to_string(sandbox.path().join("audit.jsonl")).unwrap();
    assert!(audit.contains("\"deed\":\"live-check\"") && audit.contains("\"outcome\":\"active\""), "{audit}");
    assert!(![&run.stdout, &run.stderr, &audit].iter().any(|text| text.contains(&token)));
    let run = scan(&sandbox, server.port, GITHUB, &["--fail-on=current"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let human = scan(&sandbox, server.port, GITHUB, &["--format=human"]);
    assert!(human.stdout.contains("active: api.github.com accepts it, account octocat"), "{}", human.stdout);
    assert!(human.stdout.contains("asked api.github.com about 1 secret: 1 active"), "{}", human.stdout);
}

#[test]
fn one_secret_in_many_places_is_asked_about_once_and_a_suppressed_one_never() {
    let sandbox = Sandbox::new();
    let token = github(&sandbox);
    sandbox.file("b.env", format!("GH={token}\n"));
    let accepted = render("{{github(\"ghp_\")}}", "accepted").unwrap();
    sandbox.file("c.env", format!("GH={accepted} # leakward:allow\n"));
    let server = providers(true);
    let run = scan(&sandbox, server.port, GITHUB, &["--show-suppressed"]);
    assert_eq!(verdicts(&run).values().filter(|v| v["state"] == "active").count(), 2, "{run:?}");
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].bearer(), token);
}

#[test]
fn a_dry_run_names_hosts_and_sends_nothing() {
    let sandbox = Sandbox::new();
    github(&sandbox);
    let server = providers(true);
    let run = scan(&sandbox, server.port, GITHUB, &["--live-dry-run", "--format=human"]);
    assert!(run.stdout.contains("would ask api.github.com about 1 github-pat"), "{}", run.stdout);
    assert!(server.asked().is_empty());
    let alone = sandbox.run(["scan", "--live-dry-run"]);
    assert!(alone.stdout.contains("would ask api.github.com about 1 github-pat"), "{}", alone.stdout);
}

#[test]
fn the_configuration_narrows_what_is_asked() {
    let sandbox = Sandbox::new();
    github(&sandbox);
    let server = providers(true);
    sandbox.file(".leakward.toml", "[live]\nallow = ['slack-*']\n");
    let run = scan(&sandbox, server.port, GITHUB, &[]);
    assert!(verdict_of_github(&run).is_null() && server.asked().is_empty(), "{run:?}");
    sandbox.file(".leakward.toml", "[live]\nallow = []\n");
    let run = scan(&sandbox, server.port, GITHUB, &[]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("no rule that may be asked about"), "{}", run.stderr);
}

#[test]
fn scanned_files_cannot_say_who_is_asked() {
    let sandbox = Sandbox::new();
    let rule = "[[rule]]\nid = 'acme-key'\nkeywords = ['acme_']\npattern = '\\b(acme_[0-9a-z]{20})\\b'\n\
                [rule.live]\nurl = 'https://api.github.com/user'\nheaders = { Authorization = 'Bearer {secret}' }\n\
                active = [200]\n";
    sandbox.file("acme.toml", rule);
    sandbox.file(".leakward.toml", "[rules]\nextend = ['acme.toml']\n");
    let token = format!("acme_{}", render("{{hex(20)}}", "acme").unwrap());
    sandbox.file("a.env", format!("KEY={token}\n"));
    let server = providers(true);
    let verdict = |run: &Run| verdicts(run).remove(&("a.env".to_owned(), "acme-key".to_owned())).unwrap();
    let run = scan(&sandbox, server.port, GITHUB, &[]);
    assert_eq!(verdict(&run)["state"], "unchecked", "{run:?}");
    assert!(server.asked().is_empty());
    let run = scan(&sandbox, server.port, GITHUB, &["--config=.leakward.toml"]);
    assert_eq!(verdict(&run)["state"], "active", "{run:?}");
}

#[test]
fn a_redirect_is_not_followed() {
    let other = providers(true);
    let (sandbox, port) = (Sandbox::new(), other.port);
    github(&sandbox);
    let location = format!("https://slack.com:{port}/user");
    let location: &'static str = Box::leak(location.into_boxed_str());
    let headers: &'static [(&'static str, &'static str)] = Box::leak(Box::new([("location", location)]));
    let server = Server::tls(&CERTIFICATES, move |_| Told(302, headers, String::new()));
    let run = scan(&sandbox, server.port, GITHUB, &[&format!("--live-resolve=slack.com=127.0.0.1:{port}")]);
    assert_eq!(verdict_of_github(&run)["reason"], "api.github.com: answered 302", "{run:?}");
    assert!(other.asked().is_empty());
}

#[test]
fn a_server_with_a_strange_certificate_is_told_nothing() {
    let sandbox = Sandbox::new();
    github(&sandbox);
    let strange = Certificates::of("DNS:api.github.com");
    let server = Server::tls(&strange, |_| Told::json(200, "{}"));
    let run = scan(&sandbox, server.port, GITHUB, &[]);
    assert_eq!(
        verdict_of_github(&run)["reason"],
        "api.github.com: its certificate is not trusted",
        "{run:?}"
    );
    assert!(server.asked().is_empty());
}

#[test]
fn a_host_that_wants_no_more_questions_gets_none() {
    let sandbox = Sandbox::new();
    for i in 0..4 {
        let token = render("{{github(\"ghp_\")}}", &i.to_string()).unwrap();
        sandbox.file(format!("{i}.env"), format!("GH={token}\n"));
    }
    let server = Server::tls(&CERTIFICATES, |_| Told::json(429, "{}"));
    let run = scan(&sandbox, server.port, GITHUB, &[]);
    let all = verdicts(&run);
    let left_alone = |v: &&Value| v["reason"] == "api.github.com: it wants no more questions for now";
    assert_eq!(all.values().filter(left_alone).count(), 4, "{run:?}");
    assert_eq!(server.asked().len(), 1);
}

/// A server that writes without end after the head of an answer.
struct Endless;

impl Endless {
    fn start() -> (u16, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let session = rustls::ServerConnection::new(CERTIFICATES.config()).unwrap();
                let mut stream = rustls::StreamOwned::new(session, stream);
                let _ = stream.read(&mut [0; 4096]);
                let head = "HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n";
                let mut next = stream.write_all(head.as_bytes());
                while next.is_ok() {
                    next = stream.write_all(&[b'x'; 16 * 1024]);
                    count.fetch_add(16 * 1024, Ordering::Relaxed);
                }
            }
        });
        (port, sent)
    }
}

#[test]
fn ten_gigabytes_are_not_read() {
    let sandbox = Sandbox::new();
    github(&sandbox);
    let (port, sent) = Endless::start();
    let run = scan(&sandbox, port, GITHUB, &[]);
    assert_eq!(verdict_of_github(&run)["state"], "active", "the status says so: {run:?}");
    assert!(sent.load(Ordering::Relaxed) < 64 << 20, "{sent:?}");
}

#[test]
fn a_server_that_hangs_costs_its_answer_alone() {
    let sandbox = Sandbox::new();
    github(&sandbox);
    // Takes connections (the system does) and never says a word.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let run = scan(&sandbox, listener.local_addr().unwrap().port(), GITHUB, &[]);
    assert_eq!(verdict_of_github(&run)["reason"], "api.github.com: no answer in time", "{run:?}");
}

#[test]
fn nonsense_is_no_answer() {
    let sandbox = Sandbox::new();
    github(&sandbox);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"\x00\xff 220 welcome\r\n\r\n");
        }
    });
    let run = scan(&sandbox, port, GITHUB, &[]);
    assert_eq!(verdict_of_github(&run)["state"], "unchecked", "{run:?}");
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let run = scan(&sandbox, gone, GITHUB, &[]);
    assert_eq!(verdict_of_github(&run)["reason"], "api.github.com: no connection", "{run:?}");
}

/// A proxy that leads every tunnel to `port` and counts those to GitHub.
fn proxy(port: u16) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    let tunnels = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&tunnels);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            if head.starts_with(b"CONNECT api.github.com:443 ") {
                count.fetch_add(1, Ordering::Relaxed);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let there = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut back, mut forth) = (stream.try_clone().unwrap(), there.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut stream, &mut forth));
            std::thread::spawn(move || std::io::copy(&mut { there }, &mut back));
        }
    });
    (own, tunnels)
}

#[test]
fn the_proxy_of_the_environment_is_used() {
    let sandbox = Sandbox::new();
    github(&sandbox);
    let server = providers(true);
    let (port, tunnels) = proxy(server.port);
    let mut command = sandbox.command(["scan", "--live", "--format=json"]);
    command
        .env("SSL_CERT_FILE", CERTIFICATES.authority())
        .env("HTTPS_PROXY", format!("http://127.0.0.1:{port}"));
    let run = Run::of(&mut command);
    assert_eq!(verdict_of_github(&run)["state"], "active", "{run:?}");
    assert_eq!(tunnels.load(Ordering::Relaxed), 1);
    command.env("HTTPS_PROXY", "nonsense://x y");
    let run = Run::of(&mut command);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("HTTPS_PROXY"), "{}", run.stderr);
}
