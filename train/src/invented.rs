//! Invented samples of shapes that few repositories hold: the grammar is learnt, the values are thrown.

use crate::boost::Dice;
use crate::corpus::Text;
use crate::harvest::{Harvester, Sample};
use crate::units::Truth;

/// Lines whose `VALUE` is a secret.
const SECRETS: &[&str] = &[
    "<Password>VALUE</Password>",
    "<Pass>VALUE</Pass>",
    "    <password>VALUE</password>",
    "<property name=\"password\" value=\"VALUE\"/>",
    "users: [ {user: svc, password: VALUE} ]",
    "  password: VALUE",
    "password: 'VALUE'",
    "DB_PASSWORD=VALUE",
    "export DB_PASSWORD=VALUE",
    "ENV DB_PASSWORD VALUE",
    "spring.datasource.password=VALUE",
    "docker run -e MYSQL_ROOT_PASSWORD=VALUE \\",
    "      --user oggadmin --password VALUE \\",
    "store.setPassword(\"VALUE\");",
    "var password = \"VALUE\";",
    "$password = 'VALUE';",
    "password = \"VALUE\"",
    "conn = connect(user='app', password='VALUE')",
    "jdbc.url=jdbc:sqlserver://db;user=app;password=VALUE;",
    "Server=db;User Id=app;Pwd=VALUE;",
    "postgres://app:VALUE@db.internal.acme.io:5432/app", // leakward:allow
    "amqp://app:VALUE@10.0.3.4:5672/",                   // leakward:allow
    "ALTER USER 'app' IDENTIFIED BY 'VALUE';",
    "CREATE ROLE app LOGIN PASSWORD 'VALUE';",
    "ConvertTo-SecureString 'VALUE' -AsPlainText -Force",
    "machine git.acme.io login ci password VALUE", // leakward:allow
    "db.acme.io:5432:app:root:VALUE",
    "curl -u ci:VALUE https://ci.acme.io/", // leakward:allow
    "sshpass -p VALUE ssh ciVALUEh",
    "requirepass VALUE",
];

/// Lines whose `VALUE` is a long random secret.
const TOKENS: &[&str] = &[
    "client_secret: \"VALUE\"",
    "CLIENT_SECRET=VALUE",
    "api_key = \"VALUE\"",
    "apiKey: 'VALUE',",
    "X-Api-Key: VALUE",
    "token: VALUE",
    "  \"access_token\": \"VALUE\",",
    "Authorization: Bearer VALUE",
    "goveralls -repotoken VALUE",
    "SECRET_KEY = 'VALUE'",
    "define('AUTH_KEY', 'VALUE');",
    "<add key=\"ApiKey\" value=\"VALUE\" />",
    "string: '{\"access_token\":\"VALUE\",\"expires_in\":3600}'",
    "_auth = \"VALUE\"",
    "<string name=\"api_key\">VALUE</string>",
];

/// Lines that hold no secret.
const NOISE: &[&str] = &[
    "password = get_password()",
    "password: str = None,",
    "if password == other_password:",
    "self.password = password",
    "<label for=\"password\">Password</label>",
    "<input type=\"password\" name=\"password\" placeholder=\"Your password\">",
    "\"password\": \"Password\",",
    "password_label = \"Enter your password\"",
    "throw new Error(\"password: must not be empty\")",
    "token = next_token",
    "case TOKEN: return \"identifier\";",
    "key: \"user_id\",",
    "api_key: process.env.API_KEY,",
    "\"pbkdf2-password\": \"1.2.1\",",
    "cache_key = \"users/list\"",
    "log.info(\"token: refreshed\")",
    "auth: \"basic\"",
    "credentials: \"same-origin\"",
    "const TOKEN_TYPE = \"urn:ietf:params:oauth:token-type:jwt\"",
    "private_key: \"/etc/ssl/private/server.key\"",
    "secretName: tls-certificate",
    "password = \"password\"",
    "password: changeme", // leakward:allow
    "PASSWORD=<your password>",
];

/// Texts of each line.
const ROUNDS: usize = 6;

/// The invented samples.
pub(crate) fn samples(harvester: &Harvester) -> Vec<Sample> {
    let mut dice = Dice(2);
    let mut samples = Vec::new();
    let mut add = |line: String, truth: Truth| {
        let text =
            Text { name: String::new(), repo: String::new(), bytes: line.into_bytes(), labels: Vec::new() };
        let found = harvester.samples(None, &text);
        samples.extend(found.into_iter().map(|mut sample| {
            sample.truth = Some(truth);
            sample
        }));
    };
    for _ in 0..ROUNDS {
        for line in SECRETS {
            add(line.replace("VALUE", &password(&mut dice)), Truth::Secret);
        }
        for line in TOKENS {
            add(line.replace("VALUE", &token(&mut dice)), Truth::Secret);
        }
    }
    for line in NOISE {
        add((*line).to_owned(), Truth::Noise);
    }
    samples
}

/// A password as people choose them.
fn password(dice: &mut Dice) -> String {
    const PARTS: &[&str] = &[
        "Tango", "violet", "Harbor", "cobalt", "Sparrow", "meadow", "Quartz", "ginger", "Falcon", "copper",
        "Winter", "ember",
    ];
    const MARKS: &[&str] = &["!", "#", "$", "-", "_", "%", ""];
    match dice.roll() % 3 {
        0 => format!("{}{}{}", dice.pick(PARTS), dice.pick(MARKS), dice.roll() % 9000 + 10),
        1 => format!("{}{}{}{}", dice.pick(PARTS), dice.roll() % 90 + 10, dice.pick(PARTS), dice.pick(MARKS)),
        _ => letters(dice, 10, b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"),
    }
}

/// A token as services issue them.
fn token(dice: &mut Dice) -> String {
    match dice.roll() % 3 {
        0 => letters(dice, 32, b"0123456789abcdef"),
        1 => letters(dice, 28, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
        _ => letters(dice, 40, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
    }
}

fn letters(dice: &mut Dice, length: u64, alphabet: &[u8]) -> String {
    let length = length + dice.roll() % 8;
    (0..length).map(|_| char::from(*dice.pick(alphabet))).collect()
}
