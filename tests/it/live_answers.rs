//! What providers answer to a credential that they accept and to one that they do not, as their documentation says.

/// Where a request holds the credential.
pub(crate) enum Held {
    /// In a header, after a prefix.
    Header(&'static str, &'static str),
    /// As user or password of basic authentication, the other one as given; `*` is any.
    User(&'static str),
    Password(&'static str),
    /// In the address.
    Address,
    /// By a signature of AWS.
    Signature,
}

/// One provider's answers to one kind of request.
pub(crate) struct Imitated {
    /// The rules whose findings lead here.
    pub(crate) rules: &'static [&'static str],
    pub(crate) host: &'static str,
    pub(crate) method: &'static str,
    /// Beginning of the path.
    pub(crate) path: &'static str,
    pub(crate) held: Held,
    pub(crate) accepted: (u16, &'static str),
    pub(crate) refused: (u16, &'static str),
    /// The verdict on a refused one.
    pub(crate) verdict: &'static str,
}

const BEARER: Held = Held::Header("authorization", "Bearer ");
const NO: (u16, &str) = (401, r#"{"message": "Unauthorized"}"#);

const fn get(
    rules: &'static [&'static str],
    host: &'static str,
    path: &'static str,
    held: Held,
    accepted: &'static str,
) -> Imitated {
    Imitated {
        rules,
        host,
        method: "GET",
        path,
        held,
        accepted: (200, accepted),
        refused: NO,
        verdict: "inactive",
    }
}

impl Imitated {
    const fn post(self) -> Self {
        Self { method: "POST", ..self }
    }

    const fn refuses(self, status: u16, body: &'static str) -> Self {
        Self { refused: (status, body), ..self }
    }

    const fn accepts(self, status: u16, body: &'static str) -> Self {
        Self { accepted: (status, body), ..self }
    }

    /// Others make such credentials, too.
    const fn one_of_several(self) -> Self {
        Self { verdict: "unchecked", ..self }
    }
}

pub(crate) const ANSWERS: &[Imitated] = &[
    get(
        &["github-pat", "github-oauth-token", "github-fine-grained-pat"],
        "api.github.com",
        "/user",
        BEARER,
        r#"{"login": "octocat", "id": 1}"#,
    )
    .refuses(401, r#"{"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"}"#)
    .one_of_several(),
    get(&["github-app-token"], "api.github.com", "/rate_limit", BEARER, r#"{"resources": {}}"#).one_of_several(),
    get(
        &["gitlab-pat", "gitlab-routable-token"],
        "gitlab.com",
        "/api/v4/personal_access_tokens/self",
        Held::Header("private-token", ""),
        r#"{"id": 4, "name": "ci", "revoked": false, "active": true, "expires_at": "2027-01-31"}"#,
    )
    .one_of_several(),
    get(&["slack-bot-token", "slack-user-token"], "slack.com", "/api/auth.test", BEARER, r#"{"ok": true, "team": "Acme", "user": "bot"}"#)
        .post()
        .refuses(200, r#"{"ok": false, "error": "invalid_auth"}"#),
    get(&["slack-webhook"], "hooks.slack.com", "/services/", Held::Address, "").post().accepts(400, "no_text").refuses(404, "no_service"),
    get(&["stripe-secret-key", "stripe-test-key"], "api.stripe.com", "/v1/balance", Held::User(""), r#"{"object": "balance", "livemode": true}"#),
    get(&["openai-api-key", "openai-legacy-api-key"], "api.openai.com", "/v1/models", BEARER, r#"{"object": "list", "data": []}"#),
    get(&["anthropic-api-key"], "api.anthropic.com", "/v1/models", Held::Header("x-api-key", ""), r#"{"data": []}"#),
    get(
        &["aws-secret-access-key", "aws-key-pair"],
        "sts.us-east-1.amazonaws.com",
        "/",
        Held::Signature,
        r#"{"GetCallerIdentityResponse": {"GetCallerIdentityResult": {"Arn": "arn:aws:iam::123456789012:user/ann"}}}"#,
    )
    .post()
    .refuses(403, r#"{"Error": {"Code": "InvalidClientTokenId", "Message": "The security token included in the request is invalid."}}"#),
    get(&["twilio-account-pair"], "api.twilio.com", "/2010-04-01/Accounts/AC", Held::Password("*"), r#"{"status": "active", "friendly_name": "Acme"}"#),
    get(&["sendgrid-api-key"], "api.sendgrid.com", "/v3/scopes", BEARER, r#"{"scopes": ["mail.send"]}"#),
    get(&["npm-token"], "registry.npmjs.org", "/-/whoami", BEARER, r#"{"username": "ann"}"#),
    get(&["digitalocean-token"], "api.digitalocean.com", "/v2/account", BEARER, r#"{"account": {"email": "ann@acme.example"}}"#),
    get(
        &["cloudflare-token"],
        "api.cloudflare.com",
        "/client/v4/user/tokens/verify",
        BEARER,
        r#"{"result": {"id": "1", "status": "active"}, "success": true}"#,
    )
    .refuses(401, r#"{"success": false, "errors": [{"code": 1000, "message": "Invalid API Token"}]}"#),
    get(&["heroku-api-key", "heroku-oauth-token"], "api.heroku.com", "/account", BEARER, r#"{"email": "ann@acme.example"}"#),
    get(&["datadog-api-key"], "api.datadoghq.com", "/api/v1/validate", Held::Header("dd-api-key", ""), r#"{"valid": true}"#)
        .refuses(403, r#"{"status": "error", "errors": ["Forbidden"]}"#)
        .one_of_several(),
    get(&["discord-bot-token"], "discord.com", "/api/v10/users/@me", Held::Header("authorization", "Bot "), r#"{"username": "helper", "bot": true}"#),
    get(&["discord-webhook"], "discord.com", "/api/webhooks/", Held::Address, r#"{"name": "alerts", "guild_id": "1"}"#)
        .refuses(404, r#"{"message": "Unknown Webhook", "code": 10015}"#),
    get(&["telegram-bot-token"], "api.telegram.org", "/bot", Held::Address, r#"{"ok": true, "result": {"username": "acme_bot"}}"#)
        .refuses(401, r#"{"ok": false, "error_code": 401, "description": "Unauthorized"}"#),
    get(&["mailgun-api-key", "mailgun-private-key"], "api.mailgun.net", "/v3/domains", Held::Password("api"), r#"{"total_count": 0}"#)
        .refuses(401, "Forbidden")
        .one_of_several(),
    get(&["mailchimp-api-key"], "*.api.mailchimp.com", "/3.0/", Held::Password("any"), r#"{"account_name": "Acme"}"#),
    get(&["dropbox-access-token"], "api.dropboxapi.com", "/2/users/get_current_account", BEARER, r#"{"email": "ann@acme.example"}"#)
        .post()
        .refuses(401, r#"{"error_summary": "invalid_access_token/", "error": {".tag": "invalid_access_token"}}"#),
    get(&["figma-token"], "api.figma.com", "/v1/me", Held::Header("x-figma-token", ""), r#"{"email": "ann@acme.example"}"#)
        .refuses(403, r#"{"status": 403, "err": "Invalid token"}"#),
    get(&["linear-api-key"], "api.linear.app", "/graphql", Held::Header("authorization", ""), r#"{"data": {"viewer": {"email": "ann@acme.example"}}}"#)
        .post()
        .refuses(401, r#"{"errors": [{"message": "Authentication required", "extensions": {"code": "AUTHENTICATION_ERROR"}}]}"#),
    get(&["notion-token", "notion-legacy-token"], "api.notion.com", "/v1/users/me", BEARER, r#"{"object": "user", "name": "Importer"}"#)
        .refuses(401, r#"{"object": "error", "status": 401, "code": "unauthorized", "message": "API token is invalid."}"#),
    get(&["airtable-pat"], "api.airtable.com", "/v0/meta/whoami", BEARER, r#"{"id": "usr1"}"#),
    get(&["asana-pat"], "app.asana.com", "/api/1.0/users/me", BEARER, r#"{"data": {"email": "ann@acme.example"}}"#),
    get(&["huggingface-token"], "huggingface.co", "/api/whoami-v2", BEARER, r#"{"type": "user", "name": "ann"}"#),
    get(&["groq-api-key"], "api.groq.com", "/openai/v1/models", BEARER, r#"{"data": []}"#),
    get(&["replicate-api-token"], "api.replicate.com", "/v1/account", BEARER, r#"{"username": "ann"}"#),
    get(&["cohere-api-key"], "api.cohere.com", "/v1/models", BEARER, r#"{"models": []}"#),
    get(&["mistral-api-key"], "api.mistral.ai", "/v1/models", BEARER, r#"{"data": []}"#),
    get(&["deepseek-api-key"], "api.deepseek.com", "/user/balance", BEARER, r#"{"is_available": true}"#),
    get(&["xai-api-key"], "api.x.ai", "/v1/api-key", BEARER, r#"{"name": "ci"}"#)
        .refuses(400, r#"{"code": "invalid-argument", "error": "Incorrect API key provided."}"#),
    get(&["openrouter-api-key"], "openrouter.ai", "/api/v1/key", BEARER, r#"{"data": {"label": "ci"}}"#),
    get(&["elevenlabs-api-key"], "api.elevenlabs.io", "/v1/user", Held::Header("xi-api-key", ""), r#"{"subscription": {}}"#)
        .refuses(401, r#"{"detail": {"status": "invalid_api_key", "message": "Invalid API key"}}"#),
    get(&["pinecone-api-key"], "api.pinecone.io", "/indexes", Held::Header("api-key", ""), r#"{"indexes": []}"#),
    get(&["postman-api-key"], "api.getpostman.com", "/me", Held::Header("x-api-key", ""), r#"{"user": {"username": "ann"}}"#),
    get(&["sentry-user-token"], "sentry.io", "/api/0/projects/", BEARER, "[]").one_of_several(),
    get(&["square-access-token"], "connect.squareup.com", "/v2/merchants", BEARER, r#"{"merchant": []}"#).one_of_several(),
    get(&["hubspot-private-app-token"], "api.hubapi.com", "/account-info/v3/details", BEARER, r#"{"portalId": 62515}"#),
    get(&["intercom-access-token", "intercom-token"], "api.intercom.io", "/me", BEARER, r#"{"type": "admin", "email": "ann@acme.example"}"#),
    get(&["netlify-token", "netlify-legacy-token"], "api.netlify.com", "/api/v1/user", BEARER, r#"{"email": "ann@acme.example"}"#),
    get(&["vercel-token", "vercel-legacy-token"], "api.vercel.com", "/v2/user", BEARER, r#"{"user": {"username": "ann"}}"#)
        .refuses(403, r#"{"error": {"code": "forbidden", "message": "Not authorized", "invalidToken": true}}"#),
    get(&["pagerduty-api-key"], "api.pagerduty.com", "/abilities", Held::Header("authorization", "Token token="), r#"{"abilities": []}"#).one_of_several(),
    get(&["newrelic-key"], "api.newrelic.com", "/graphql", Held::Header("api-key", ""), r#"{"data": {"actor": {"user": {"email": "ann@acme.example"}}}}"#)
        .post()
        .one_of_several(),
    get(&["snyk-token"], "api.snyk.io", "/v1/user/me", Held::Header("authorization", "token "), r#"{"username": "ann"}"#).one_of_several(),
    get(&["terraform-cloud-token"], "app.terraform.io", "/api/v2/account/details", BEARER, r#"{"data": {"attributes": {"username": "ann"}}}"#).one_of_several(),
    get(&["doppler-token"], "api.doppler.com", "/v3/me", BEARER, r#"{"name": "ci", "workplace": {"name": "Acme"}}"#),
    get(&["circleci-token"], "circleci.com", "/api/v2/me", Held::Header("circle-token", ""), r#"{"login": "ann"}"#),
    get(&["buildkite-token"], "api.buildkite.com", "/v2/access-token", BEARER, r#"{"uuid": "b63254c0", "scopes": ["read_builds"]}"#),
    get(&["brevo-api-key"], "api.brevo.com", "/v3/account", Held::Header("api-key", ""), r#"{"email": "ann@acme.example"}"#),
    get(&["resend-api-key"], "api.resend.com", "/domains", BEARER, r#"{"data": []}"#)
        .accepts(401, r#"{"statusCode": 401, "name": "restricted_api_key", "message": "This API key is restricted to only send emails"}"#)
        .refuses(400, r#"{"statusCode": 400, "name": "validation_error", "message": "API key is invalid"}"#),
    get(&["supabase-access-token"], "api.supabase.com", "/v1/projects", BEARER, "[]"),
    get(&["contentful-pat"], "api.contentful.com", "/users/me", BEARER, r#"{"email": "ann@acme.example"}"#),
    get(&["launchdarkly-key", "launchdarkly-access-token"], "app.launchdarkly.com", "/api/v2/caller-identity", Held::Header("authorization", ""), r#"{"tokenName": "ci"}"#)
        .one_of_several(),
    get(&["mapbox-secret-token"], "api.mapbox.com", "/tokens/v2", Held::Address, r#"{"code": "TokenValid", "token": {"user": "ann"}}"#)
        .refuses(200, r#"{"code": "TokenInvalid"}"#),
    get(&["render-api-key"], "api.render.com", "/v1/owners", BEARER, "[]"),
    get(&["clickup-api-token"], "api.clickup.com", "/api/v2/user", Held::Header("authorization", ""), r#"{"user": {"email": "ann@acme.example"}}"#),
    get(&["assemblyai-api-key"], "api.assemblyai.com", "/v2/transcript", Held::Header("authorization", ""), r#"{"transcripts": []}"#),
    get(&["deepgram-api-key"], "api.deepgram.com", "/v1/projects", Held::Header("authorization", "Token "), r#"{"projects": []}"#),
    get(&["typeform-pat"], "api.typeform.com", "/me", BEARER, r#"{"email": "ann@acme.example"}"#)
        .refuses(403, r#"{"code": "AUTHENTICATION_FAILED", "description": "Authentication credentials not found on the Request Headers"}"#),
    get(&["rubygems-api-key"], "rubygems.org", "/api/v1/gems.json", Held::Header("authorization", ""), "[]").refuses(401, "Access Denied"),
    get(&["tailscale-key"], "api.tailscale.com", "/api/v2/tailnet/-/keys", Held::User(""), r#"{"keys": []}"#).refuses(401, r#"{"message": "API token invalid"}"#),
];
