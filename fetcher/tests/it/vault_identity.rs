//! Logins by an identity that the platform gives: projected tokens that rotate on disk, client certificates, an agent.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leakward_fetcher::http::{Address, Method};
use leakward_fetcher::provider::vault::{Login, VaultConfig, VaultProvider};
use leakward_fetcher::provider::{FaultKind, SecretProvider as _};

use crate::bao::{Bao, current, field};
use crate::server::{Server, Told, openssl};

const POLICY: &str = r#"{"policy":"path \"secret/data/app\" { capabilities = [\"read\"] }"}"#;

async fn prepared(bao: Bao) -> Bao {
    bao.post("secret/data/app", r#"{"data":{"v":"1"}}"#).await;
    bao.post("sys/policies/acl/app", POLICY).await;
    bao
}

/// Signs tokens as a cluster does.
struct Issuer(tempfile::TempDir);

impl Issuer {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        openssl(folder.path(), "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem");
        openssl(folder.path(), "pkey -in key.pem -pubout -out pub.pem");
        Self(folder)
    }

    fn public(&self) -> String {
        fs::read_to_string(self.0.path().join("pub.pem")).unwrap().replace('\n', "\\n")
    }

    /// A service account's token that lives for `life` seconds from now (in the past when negative).
    fn token(&self, audience: &str, life: i64) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64;
        let subject = "system:serviceaccount:pay:app";
        let claims = format!(
            r#"{{"iss":"https://cluster","sub":"{subject}","aud":["{audience}"],"kubernetes.io":{{"namespace":"pay","serviceaccount":{{"name":"app","uid":"u1"}}}},"iat":{},"nbf":{},"exp":{},"jti":"{}"}}"#,
            now - 600,
            now - 600,
            now + life,
            fastrand::u64(..)
        );
        let encode = |text: &[u8]| URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", encode(br#"{"alg":"RS256","typ":"JWT"}"#), encode(claims.as_bytes()));
        fs::write(self.0.path().join("signed"), &signed).unwrap();
        openssl(self.0.path(), "dgst -sha256 -sign key.pem -out signature signed");
        format!("{signed}.{}", encode(&fs::read(self.0.path().join("signature")).unwrap()))
    }
}

/// Puts `token` where Kubernetes would, by a swap of the folder.
fn project(mount: &Path, token: &str) {
    let version = format!("..{}", fastrand::u64(..));
    fs::create_dir(mount.join(&version)).unwrap();
    fs::write(mount.join(&version).join("token"), token).unwrap();
    std::os::unix::fs::symlink(&version, mount.join("..new")).unwrap();
    fs::rename(mount.join("..new"), mount.join("..data")).unwrap();
    if !mount.join("token").exists() {
        std::os::unix::fs::symlink("..data/token", mount.join("token")).unwrap();
    }
}

#[tokio::test]
async fn a_projected_token_that_rotates_on_disk_logs_in_again_and_again() {
    let (bao, issuer, mount) =
        (prepared(Bao::start().await).await, Issuer::new(), tempfile::tempdir().unwrap());
    bao.post("sys/auth/jwt", r#"{"type":"jwt"}"#).await;
    let config =
        format!(r#"{{"jwt_validation_pubkeys":["{}"],"bound_issuer":"https://cluster"}}"#, issuer.public());
    bao.post("auth/jwt/config", &config).await;
    let role = r#"{"role_type":"jwt","bound_audiences":["bao"],"bound_subject":"system:serviceaccount:pay:app","user_claim":"sub","token_policies":"app","token_ttl":"5m"}"#;
    bao.post("auth/jwt/role/app", role).await;
    let token_file = mount.path().join("token");
    let login = || Login::Jwt { mount: "jwt".into(), role: "app".into(), token_file: token_file.clone() };
    project(mount.path(), &issuer.token("bao", 300));
    let provider = bao.provider_with(login());
    provider.fetch(&current("secret/app")).await.unwrap();
    // The token on disk ends; a login with it fails, and what is logged in goes on.
    project(mount.path(), &issuer.token("bao", -300));
    let late = bao.provider_with(login()).fetch(&current("secret/app")).await.unwrap_err();
    assert_eq!(late.kind(), FaultKind::Auth);
    provider.fetch(&current("secret/app")).await.unwrap();
    // The cluster puts a new one there: the next login takes it.
    project(mount.path(), &issuer.token("bao", 300));
    assert!(provider.relogin().await.unwrap());
    provider.fetch(&current("secret/app")).await.unwrap();
    project(mount.path(), &issuer.token("somebody-else", 300));
    let other = bao.provider_with(login()).fetch(&current("secret/app")).await.unwrap_err();
    assert_eq!(other.kind(), FaultKind::Auth);
}

#[tokio::test]
async fn a_service_account_logs_in_through_a_token_review() {
    let (bao, issuer, mount) =
        (prepared(Bao::start().await).await, Issuer::new(), tempfile::tempdir().unwrap());
    let review = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","status":{"authenticated":true,"audiences":["bao"],"user":{"username":"system:serviceaccount:pay:app","uid":"u1","groups":[]}}}"#;
    let cluster = Server::plain(move |asked| match asked.path.as_str() {
        "/apis/authentication.k8s.io/v1/tokenreviews" => Told::json(201, review),
        _ => Told::json(404, "{}"),
    });
    bao.post("sys/auth/kubernetes", r#"{"type":"kubernetes"}"#).await;
    openssl(
        mount.path(),
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=cluster -keyout ca.key -out ca.pem",
    );
    let ca = fs::read_to_string(mount.path().join("ca.pem")).unwrap().replace('\n', "\\n");
    let config = format!(
        r#"{{"kubernetes_host":"http://127.0.0.1:{}","disable_local_ca_jwt":true,"kubernetes_ca_cert":"{ca}"}}"#,
        cluster.port
    );
    bao.post("auth/kubernetes/config", &config).await;
    let role = r#"{"bound_service_account_names":["app"],"bound_service_account_namespaces":["pay"],"audience":"bao","token_policies":"app","token_ttl":"5m"}"#;
    bao.post("auth/kubernetes/role/app", role).await;
    let token_file = mount.path().join("token");
    project(mount.path(), &issuer.token("bao", 300));
    let login =
        Login::Kubernetes { mount: "kubernetes".into(), role: "app".into(), token_file: token_file.clone() };
    let provider = bao.provider_with(login);
    provider.fetch(&current("secret/app")).await.unwrap();
    let second = issuer.token("bao", 300);
    project(mount.path(), &second);
    assert!(provider.relogin().await.unwrap());
    provider.fetch(&current("secret/app")).await.unwrap();
    let reviewed = cluster.asked();
    assert!(reviewed.last().unwrap().body.contains(&second), "the token on disk was sent");
}

#[tokio::test]
async fn a_client_certificate_logs_in_and_a_strangers_does_not() {
    let (bao, folder) = (prepared(Bao::start_tls().await).await, tempfile::tempdir().unwrap());
    let make = |name: &str| {
        fs::write(
            folder.path().join("ext"),
            "[e]\nextendedKeyUsage=clientAuth\n[req]\ndistinguished_name=d\n[d]\n",
        )
        .unwrap();
        openssl(
            folder.path(),
            &format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -config ext -extensions e -subj /CN={name} -keyout {name}.key -out {name}.pem"
            ),
        );
        (folder.path().join(format!("{name}.pem")), folder.path().join(format!("{name}.key")))
    };
    let (known, stranger) = (make("known"), make("stranger"));
    bao.post("sys/auth/cert", r#"{"type":"cert"}"#).await;
    let pem = fs::read_to_string(&known.0).unwrap().replace('\n', "\\n");
    bao.post(
        "auth/cert/certs/app",
        &format!(r#"{{"certificate":"{pem}","token_policies":"app","token_ttl":"5m"}}"#),
    )
    .await;
    let fetch = async |client| {
        let mut config = bao.config(Login::Certificate { mount: "cert".into(), role: "app".into() });
        config.tls.client = Some(client);
        let provider = VaultProvider::new(config).unwrap();
        provider.fetch(&current("secret/app")).await.map(drop).map_err(|fault| fault.kind())
    };
    assert_eq!(fetch(known).await, Ok(()));
    assert_eq!(fetch(stranger).await, Err(FaultKind::Auth));
}

#[tokio::test]
async fn an_ended_token_that_was_given_is_a_denial() {
    let bao = prepared(Bao::start().await).await;
    let made = bao.post("auth/token/create", r#"{"policies":["app"],"ttl":"5m"}"#).await;
    let token = field(&made, "auth.client_token");
    let provider = bao.provider_with(Login::Token(leakward_fetcher::Secret::copy_of(token.as_bytes())));
    provider.fetch(&current("secret/app")).await.unwrap();
    bao.call(Method::Put, "auth/token/revoke", &format!(r#"{{"token":"{token}"}}"#)).await;
    assert_eq!(provider.fetch(&current("secret/app")).await.unwrap_err().kind(), FaultKind::Denied);
}

#[tokio::test]
async fn an_agent_behind_a_socket_needs_no_login_of_ours() {
    let bao = prepared(Bao::start().await).await;
    let made = bao.post("auth/token/create", r#"{"policies":["app"],"ttl":"5m"}"#).await;
    let token = bao.file("agent-token", &field(&made, "auth.client_token"));
    let socket = bao.folder.path().join("agent.sock");
    let config = format!(
        "vault {{ address = {:?} }}\nauto_auth {{ method \"token_file\" {{ config = {{ token_file_path = {token:?} }} }} }}\n\
         cache {{}}\napi_proxy {{ use_auto_auth_token = true }}\n\
         listener \"unix\" {{ address = {socket:?}\n socket_mode = \"600\"\n tls_disable = true\n require_request_header = true }}\n",
        bao.address
    );
    let config = bao.file("agent.hcl", &config);
    let mut agent = Command::new(crate::bao::program())
        .args(["agent", &format!("-config={}", config.display())])
        .env("HOME", bao.folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let address = Address::parse(&format!("unix://{}", socket.display())).unwrap();
    let provider = VaultProvider::new(VaultConfig::new(address, Login::None)).unwrap();
    let begun = Instant::now();
    let fetched = loop {
        match provider.fetch(&current("secret/app")).await {
            Ok(fetched) => break Ok(fetched),
            Err(fault) if begun.elapsed() > Duration::from_secs(20) => break Err(fault),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    agent.kill().unwrap();
    agent.wait().unwrap();
    assert_eq!(fetched.unwrap().secret.field("v").unwrap().expose(), b"1");
}
