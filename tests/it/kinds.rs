//! One credential of each of 116 kinds that scanners are measured by, made anew with checksums that hold: all are
//! found, but for one that is ciphertext, and one that is not whole is reported with low confidence.

use std::collections::BTreeMap;

use leakward::checksum::example::render;
use serde_json::Value;

use crate::sandbox::Sandbox;

/// Ciphertext: whoever reads it has learnt nothing.
const NO_SECRET: &str = "ansible-vault-blob";
/// A head without a body: low confidence.
const TRUNCATED: &str = "pem-header-only";

/// Kind, and a text that holds one. `{{...}}` is filled in by the generator of rules' examples.
const KINDS: &[(&str, &str)] = &[
    ("github-ghp", "GH={{github(\"ghp_\")}}"),
    ("github-ghs-classic", "GH={{github(\"ghs_\")}}"),
    ("github-ghs-stateless", "GH=ghs_{{digits(7)}}_{{jwt(rs256)}}"),
    ("github-fine-grained", "GH=github_pat_{{b62(22)}}_{{b62(59)}}"),
    ("gitlab-pat-classic", "x = glpat-{{b64url(20)}}"),
    ("gitlab-pat-routable", "x = {{gitlab(\"glpat-\")}}"),
    ("vault-hvs-short", "token hvs.{{b62(24)}}"),
    ("vault-hvs-caes", "x: {{vault()}}"),
    ("vault-hvb", "x: hvb.{{b64url(150)}}"),
    ("vault-hvr", "x: hvr.{{b62(24)}}"),
    ("openbao-s-vault-token", "VAULT_TOKEN=s.{{b62(24)}}"),
    ("openbao-s-bao-token", "BAO_TOKEN=s.{{b62(24)}}"),
    ("openbao-s-header", "req.Header.Set(\"X-Vault-Token\", \"s.{{b62(24)}}\")"),
    ("openbao-batch", "x: b.AAAAAQ{{b64url(156)}}"),
    ("approle-secret-id", "VAULT_SECRET_ID={{uuid()}}"),
    ("vault-unseal-key", "Unseal Key 1: {{bytes64(33)}}"),
    ("aws-pair", "aws_access_key_id=AKIA{{b32(16)}}\naws_secret_access_key={{aws_secret()}}"),
    ("aws-id-alone", "id: AKIA{{b32(16)}}"),
    ("aws-secret-alone", "AWS_SECRET_ACCESS_KEY={{aws_secret()}}"),
    (
        "aws-pair-apart",
        "id = AKIA{{b32(16)}}\n{{repeat(\"x\n\", 29)}}aws_secret_access_key = {{aws_secret()}}",
    ),
    ("aws-session-token", "AWS_SESSION_TOKEN=IQoJb3JpZ2luX2Vj{{b64(400)}}"),
    ("gcp-api-key", "k: AIza{{b64url(35)}}"),
    ("gcp-oauth-secret", "k: GOCSPX-{{b64url(28)}}"),
    ("gcp-access-token", "k: ya29.{{b64url(180)}}"),
    (
        "gcp-service-account",
        "{\"type\": \"service_account\", \"private_key_id\": \"{{hex(40)}}\", \"private_key\": \"{{escape(pem(pkcs8))}}\\n\", \
         \"client_email\": \"a@b.iam.gserviceaccount.com\"}",
    ),
    ("entra-secret", "v: {{entra()}}"),
    (
        "azure-storage",
        "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={{azure_key(storage)}};EndpointSuffix=core.windows.net",
    ),
    (
        "azure-sas",
        "https://acme.blob.core.windows.net/c?sv=2024-11-04&ss=b&srt=sco&sp=rl&se=2099-01-01T00:00:00Z&sig={{percent(bytes64(32))}}",
    ),
    ("azure-devops-52", "x = {{azdo()}}"),
    ("azure-devops-84", "x = {{cask(AZDO)}}"),
    ("azure-openai", "AZURE_OPENAI_API_KEY={{hex(32)}}"),
    ("openai-project", "k=sk-proj-{{b64url(74)}}T3BlbkFJ{{b64url(74)}}"),
    ("openai-legacy", "k=sk-{{b62(20)}}T3BlbkFJ{{b62(20)}}"),
    ("anthropic-api", "k=sk-ant-api03-{{b64url(93)}}AA"),
    ("anthropic-oauth", "k=sk-ant-oat01-{{b64url(93)}}AA"),
    ("npm", "x={{github(\"npm_\")}}"),
    ("npmrc-legacy", "//registry.npmjs.org/:_authToken={{uuid()}}"),
    ("pypi", "password = {{pypi(\"pypi.org\")}}"),
    ("docker-hub", "x dckr_pat_{{b64url(27)}}"),
    ("docker-config", "{\"auths\": {\"https://index.docker.io/v1/\": {\"auth\": \"{{basic()}}\"}}}"),
    ("terraform-cloud", "token = \"{{b62(14)}}.atlasv1.{{b62(67)}}\""),
    ("twilio-sk", "k: SK{{hex(32)}}"),
    ("twilio-pair", "account = \"AC{{hex(32)}}\"\nauth_token = \"{{hex(32)}}\""),
    ("sendgrid", "k: SG.{{b64url(22)}}.{{b64url(43)}}"),
    ("stripe-sk-live", "k: sk_live_{{b62(24)}}"),
    ("stripe-rk-live", "k: rk_live_{{b62(24)}}"),
    ("stripe-webhook", "k: whsec_{{b62(32)}}"),
    ("slack-bot", "k: xoxb-{{digits(12)}}-{{digits(13)}}-{{b62(24)}}"),
    ("slack-app", "k: xapp-1-A{{b36u(10)}}-{{digits(13)}}-{{hex(64)}}"),
    ("slack-webhook", "https://hooks.slack.com/services/T{{b36u(8)}}/B{{b36u(10)}}/{{b62(24)}}"),
    ("slack-refresh", "k: xoxe-1-{{b62(146)}}"),
    ("jwt-hs256", "k: {{jwt()}}"),
    ("pem-rsa", "{{pem(rsa)}}"),
    ("pem-openssh", "{{pem(openssh)}}"),
    ("pem-encrypted", "{{pem(encrypted)}}"),
    (TRUNCATED, "-----BEGIN RSA PRIVATE KEY-----\n"),
    ("pem-base64", "k: {{base64(pem(rsa))}}"),
    (
        "putty-ppk",
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: c\nPublic-Lines: 2\n{{b64(64)}}\n{{b64(12)}}\n\
         Private-Lines: 1\n{{bytes64(36)}}\nPrivate-MAC: {{hex(64)}}\n",
    ),
    ("pgp-block", "{{pem(pgp)}}"),
    ("postgres-url", "postgres://app:{{b62(14)}}@db.acme.io/x"),
    ("mysql-url", "mysql://app:{{b62(14)}}@db.acme.io:3306/x"),
    ("redis-url", "redis://:{{b62(14)}}@cache.acme.io:6379/0"),
    ("mongodb-url", "mongodb+srv://app:{{b62(14)}}@c0.acme.io/x"),
    ("amqp-url", "amqp://app:{{b62(14)}}@mq.acme.io:5672/"),
    ("jdbc", "jdbc:mysql://db.acme.io:3306/x?user=app&password={{b62(14)}}"),
    ("ado-net", "Server=db.acme.io;Database=x;User Id=app;Pwd={{b62(14)}};"),
    ("https-basic-url", "https://app:{{b62(14)}}@git.acme.io/x.git"),
    ("netrc", "machine git.acme.io login app password {{b62(14)}}\n"),
    ("generic-python", "password = \"{{b62(14)}}\""),
    ("generic-env", "DB_PASSWORD={{b62(14)}}"),
    ("generic-human", "ADMIN_PASSWORD=Sommer{{digits(4)}}!Regen"),
    ("generic-passphrase", "passphrase = \"velvet-otter-lantern-{{lower(5)}}\""), // leakward:allow
    ("generic-yaml", "db:\n  password: {{b62(14)}}\n"),
    ("generic-xml", "<password>{{b62(14)}}</password>"),
    ("generic-cli", "backup --user app --password {{b62(14)}} --all"),
    ("curl-user", "curl -u app:{{b62(14)}} https://api.acme.io/v1"),
    ("bearer-opaque", "Authorization: Bearer {{b62(40)}}"),
    ("generic-hex-key", "api_key = \"{{hex(32)}}\""),
    (
        "django-secret-key",
        "SECRET_KEY = '{{chars(\"abcdefghijklmnopqrstuvwxyz0123456789@#%^&*(-_=+)\", 50)}}'",
    ),
    ("generic-client-secret", "client_secret: \"{{bytes64(32)}}\""),
    (
        "kubernetes-secret",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  password: {{base64(b62(16))}}\n",
    ),
    ("kubeconfig-key", "users:\n- name: a\n  user:\n    client-key-data: {{base64(pem(rsa))}}\n"),
    ("htpasswd-bcrypt", "joe:$2y$10${{b62(53)}}\n"),
    ("digitalocean", "k: dop_v1_{{hex(64)}}"),
    ("hugging-face", "k: hf_{{b62(34)}}"),
    ("databricks", "k: dapi{{hex(32)}}"),
    ("cloudflare-user", "k: {{cloudflare(\"cfut_\")}}"),
    ("cloudflare-global", "k: {{cloudflare(\"cfk_\")}}"),
    ("grafana", "k: {{grafana()}}"),
    ("sentry-user", "k: sntryu_{{hex(64)}}"),
    ("telegram-bot", "k: 5{{digits(9)}}:AA{{b64url(33)}}"),
    ("discord-bot", "k: {{discord()}}"),
    ("doppler-service", "k: dp.st.prd.{{b62(42)}}"),
    ("pulumi", "k: pul-{{hex(40)}}"),
    ("linear", "k: lin_api_{{b62(40)}}"),
    ("notion", "k: ntn_{{digits(11)}}{{b62(35)}}"),
    ("figma", "k: figd_{{b64url(40)}}"),
    ("postman", "k: PMAK-{{hex(24)}}-{{hex(34)}}"),
    ("shopify", "k: shpat_{{hex(32)}}"),
    ("mailgun", "MAILGUN_API_KEY=key-{{hex(32)}}"),
    ("supabase-secret", "k: sb_secret_{{b64url(22)}}_{{b64url(8)}}"),
    ("groq", "k: gsk_{{b62(52)}}"),
    ("xai", "k: xai-{{b62(80)}}"),
    ("replicate", "k: r8_{{b62(37)}}"),
    ("age-identity", "{{age()}}"),
    ("wireguard", "[Interface]\nPrivateKey = {{bytes64(32)}}\n"),
    (NO_SECRET, "$ANSIBLE_VAULT;1.1;AES256\n{{hex(80)}}\n{{hex(80)}}\n{{hex(60)}}\n"),
    (
        "1password-service-account",
        "k: ops_{{base64url(json(signInAddress, my.1password.com, srpX, hex(64), muk, b64url(43), throttleSecret, hex(64)))}}",
    ),
    ("tailscale", "k: tskey-auth-{{b62(16)}}-{{b62(32)}}"),
    ("snyk-uuid", "SNYK_TOKEN={{uuid()}}"),
    ("heroku", "k: HRKU-AA{{b64url(58)}}"),
    ("okta", "OKTA_API_TOKEN=00{{b64url(40)}}"),
    ("atlassian", "k: {{atlassian()}}"),
    ("artifactory-alone", "k: AKCp{{b62(69)}}"),
    ("confluent-secret", "CONFLUENT_CLOUD_API_SECRET={{b64(64)}}"),
    (
        "snowflake-connection",
        "snowflake.connector.connect(user=\"APP\", password=\"{{b62(14)}}\", account=\"ab123.eu-west-1\")",
    ),
];

/// The rules and confidences that are reported in the file of each kind.
fn found(seed: &str) -> BTreeMap<&'static str, Vec<(String, String)>> {
    let dir = Sandbox::new();
    for (kind, recipe) in KINDS {
        let text = render(recipe, &format!("{kind} {seed}")).unwrap_or_else(|e| panic!("{kind}: {e}"));
        dir.file(format!("{kind}/file"), text);
    }
    let run = dir.run(["scan", "--format", "json", "--min-confidence", "low"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let mut found: BTreeMap<_, Vec<_>> = KINDS.iter().map(|(kind, _)| (*kind, Vec::new())).collect();
    let report = run.json();
    for finding in report["findings"].as_array().unwrap() {
        let text = |field: &str| finding[field].as_str().map(str::to_owned).unwrap();
        let kind = text("path").split('/').next().unwrap().to_owned();
        found.get_mut(&*kind).unwrap().push((text("rule"), text("confidence")));
    }
    found
}

#[test]
fn every_kind_is_found() {
    assert_eq!(KINDS.len(), 116);
    let mut missed = Vec::new();
    for seed in ["one", "two", "three"] {
        let found = found(seed);
        missed.extend(
            found
                .into_iter()
                .filter(|(kind, hits)| {
                    ![NO_SECRET, TRUNCATED].contains(kind)
                        && hits.iter().all(|(_, confidence)| confidence == "low")
                })
                .map(|(kind, _)| kind),
        );
    }
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn ciphertext_is_no_finding_and_a_bare_head_has_low_confidence() {
    let found = found("one");
    assert!(found[NO_SECRET].is_empty(), "{found:?}");
    assert_eq!(found[TRUNCATED], [("private-key".to_owned(), "low".to_owned())]);
}

#[test]
fn what_fails_the_checksum_of_its_issuer_is_not_revived_by_a_generic_rule() {
    let dir = Sandbox::new();
    let recipes = [
        "github(\"ghp_\")",
        "github(\"npm_\")",
        "gitlab(\"glpat-\")",
        "grafana()",
        "entra()",
        "age()",
        "azure_key(storage)",
        "azure_key(service-bus)",
        "azure_key(functions)",
        "azure_key(ai-search)",
    ];
    for recipe in recipes {
        let spoilt = render(&format!("{{{{bad({recipe})}}}}"), "revived").unwrap();
        dir.file(
            recipe.replace(['(', ')', '"'], "-"),
            format!("api_token = \"{spoilt}\"\nAPI_SECRET={spoilt}\n"),
        );
    }
    let run = dir.run(["scan", "--format", "json"]);
    let found: Vec<_> = run.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f: &Value| (f["path"].clone(), f["rule"].clone()))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}
