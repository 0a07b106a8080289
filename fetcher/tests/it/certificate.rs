//! A TLS server whose certificate changes while it runs.

use std::fs;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

use leakward_fetcher::certificate::{CertificateError, CertificateResolver};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};

use crate::rig::{Rig, secs};
use crate::server::Certificates;

/// A secret with the certificate of one authority and the key of another (the same in good ones).
fn secret(certificate: &Certificates, key: &Certificates) -> String {
    let text = |file: std::path::PathBuf| fs::read_to_string(file).unwrap().replace('\n', "\\n");
    let chain = text(certificate.authority());
    let (certificate, key) = (text(certificate.file("leaf.pem")), text(key.file("leaf.key")));
    format!(r#"{{"certificate":"{certificate}","ca_chain":["{chain}"],"private_key":"{key}"}}"#)
}

/// The certificate that a client sees which trusts `authority`.
fn seen(config: &Arc<ServerConfig>, authority: &Certificates) -> Result<CertificateDer<'static>, String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, config) = (listener.local_addr().unwrap(), config.clone());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut session = rustls::ServerConnection::new(config).unwrap();
        let _ = rustls::Stream::new(&mut session, &mut stream).read(&mut [0; 1]);
    });
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority.authority()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let client = client.unwrap().with_root_certificates(roots).with_no_client_auth();
    let mut session =
        rustls::ClientConnection::new(Arc::new(client), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let sent = rustls::Stream::new(&mut session, &mut stream).write_all(b"x").map_err(|e| e.to_string());
    let seen = session.peer_certificates().map(|chain| chain[0].clone().into_owned());
    drop(stream);
    server.join().unwrap();
    sent.map(|()| seen.unwrap())
}

#[tokio::test]
async fn a_new_certificate_is_put_to_use_and_one_that_does_not_fit_is_refused() {
    let rig = Rig::new();
    let (one, two, three) = (Certificates::new(), Certificates::new(), Certificates::new());
    rig.mock.put("tls", secret(&one, &one));
    let handle = rig.manager.secret_at("tls").unwrap();
    let (resolver, guard) = CertificateResolver::follow(&handle).await.unwrap();
    assert_eq!(resolver.chain().len(), 2, "the authority is sent along");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_cert_resolver(resolver.clone()));
    let first = seen(&config, &one).unwrap();

    rig.mock.put("tls", secret(&two, &two));
    rig.pass(secs(50)).await;
    assert_ne!(seen(&config, &two).unwrap(), first);
    assert!(seen(&config, &one).is_err(), "the old authority is not behind it any more");

    rig.mock.put("tls", secret(&three, &two));
    rig.pass(secs(50)).await;
    assert!(seen(&config, &two).is_ok(), "a pair that does not fit is not put to use");
    let name = format!("{resolver:?}");
    assert!(!name.contains("PRIVATE"), "{name}");
    drop(guard);
}

#[tokio::test]
async fn a_secret_without_a_certificate_is_told_at_the_start() {
    let rig = Rig::new();
    for odd in ["plain", "{}", r#"{"certificate":"x","private_key":"y"}"#, r#"{"tls.crt":"","tls.key":""}"#] {
        rig.mock.put("tls", odd);
        rig.manager.purge(&crate::rig::current("tls"));
        let error = CertificateResolver::follow(&rig.manager.secret_at("tls").unwrap()).await.unwrap_err();
        assert!(matches!(error, CertificateError::Unusable(_)), "{odd}: {error}");
    }
}
