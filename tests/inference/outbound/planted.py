"""Secrets that belong to nobody, each in a text as people have them: code, settings, diffs, output.

They are put together here, so that no scanner of repositories takes this file for a leak.
"""

from __future__ import annotations

import base64
import json
import random
import string
from dataclasses import dataclass, field

LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
MIXED = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


@dataclass(frozen=True)
class Planted:
    """One secret, and the text it stands in."""

    name: str
    secret: str = field(repr=False)
    text: str = field(repr=False)


def _made() -> list[Planted]:
    source = random.Random(22)

    def some(count: int, letters: str = MIXED) -> str:
        return "".join(source.choice(letters) for _ in range(count - 2)) + letters[0] + letters[-1]

    def jwt() -> str:
        parts = [
            json.dumps({"alg": "HS256", "typ": "JWT"}),
            json.dumps({"sub": "812", "name": "Ada", "iat": 1516239022}),
        ]
        coded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
        return ".".join([*coded, some(43)])

    azure = base64.b64encode(source.randbytes(64)).decode()
    basic = base64.b64encode(b"deploy:" + some(18).encode()).decode()
    rows = [
        # name, secret, the text around it
        (
            "aws key id, Python",
            "AKIA" + some(16, UPPER),
            'client = boto3.client("s3", aws_access_key_id="{}")',
        ),
        (
            "aws temporary key id, log",
            "ASIA" + some(16, UPPER),
            "2026-03-01 12:00:01 ERROR signing with {} failed",
        ),
        ("aws secret, ini", some(40), "[default]\naws_secret_access_key = {}\nregion = eu-west-1"),
        (
            "aws secret, JSON",
            some(38) + "/+",
            '{{"AccessKeyId": "x", "SecretAccessKey": "{}", "SessionToken": ""}}',
        ),
        ("aws secret, shell", some(40), "export AWS_SECRET_ACCESS_KEY={}"),
        ("aws secret, Terraform", some(40), '  secret_key = "{}"\n  region     = "us-east-1"'),
        (
            "GitHub token, shell",
            "ghp_" + some(36),
            'curl -H "Authorization: token {}" https://api.github.com/user',
        ),
        (
            "GitHub fine-grained token, YAML",
            "github_pat_" + some(22) + "_" + some(59),
            "github:\n  token: {}\n",
        ),
        (
            "GitHub app token, remote",
            "ghs_" + some(36),
            "origin  https://x-access-token:{}@github.com/o/r.git (fetch)",
        ),
        ("GitLab token, CI", "glpat-" + some(20), "variables:\n  GL: {}"),
        ("GitLab routable token", "glpat-" + some(27) + ".01." + some(9, LOWER), "PRIVATE-TOKEN: {}"),
        (
            "Slack bot token, JS",
            f"xoxb-{some(12, '0123456789')}-{some(13, '0123456789')}-{some(24)}",
            "new WebClient('{}');",
        ),
        (
            "Slack app token",
            f"xapp-1-A0{some(9, UPPER)}-{some(13, '0123456789')}-{some(64, HEX)}",
            "SLACK_APP={}",
        ),
        (
            "Slack webhook path",
            f"T0{some(8, UPPER)}/B0{some(8, UPPER)}/{some(24)}",
            'post("https://hooks.slack.com/services/{}")',
        ),
        ("Stripe key, Ruby", "sk_live_" + some(24), 'Stripe.api_key = "{}"'),
        ("Stripe restricted key", "rk_live_" + some(24), "stripe listen --api-key {}"),
        ("Stripe signing secret", "whsec_" + some(32), "const endpointSecret = '{}'"),
        ("OpenAI project key", "sk-proj-" + some(60) + "-" + some(60), 'OpenAI(api_key="{}")'),
        ("OpenAI old key", "sk-" + some(20) + "T3BlbkFJ" + some(20), "OPENAI={}"),
        (
            "Anthropic key, diff",
            "sk-ant-api03-" + some(90) + "-" + some(6) + "AA",
            '@@ -1 +1 @@\n-KEY = ""\n+KEY = "{}"',
        ),
        ("OpenRouter key", "sk-or-v1-" + some(64, HEX), "headers = {{'Authorization': 'Bearer {}'}}"),
        ("Hugging Face token", "hf_" + some(34), "huggingface-cli login --token {}"),
        ("Groq key", "gsk_" + some(52), 'let k = "{}";'),
        ("Replicate token", "r8_" + some(37), "x = '{}'"),
        ("npm token, npmrc", "npm_" + some(36), "//registry.npmjs.org/:_authToken={}"),
        (
            "npm token, old form",
            "-".join(some(n, HEX) for n in (8, 4, 4, 4, 12)),
            "//registry.npmjs.org/:_authToken={}",
        ),
        ("PyPI token", "pypi-AgEIcHlwaS5vcmc" + some(120), "[pypi]\nusername = __token__\npassword = {}"),
        (
            "Google API key, HTML",
            "AIza" + some(35),
            '<script src="https://maps.googleapis.com/maps/api/js?key={}"></script>',
        ),
        ("Google OAuth client", "GOCSPX-" + some(28), '"client_secret":"{}"'),
        ("Google OAuth token", "ya29." + some(100), "Authorization: Bearer {}"),
        (
            "Azure storage key",
            azure,
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=core.windows.net",
        ),
        (
            "Azure SAS signature",
            some(40) + "%3D",
            "https://a.blob.core.windows.net/c?sv=2022-11-02&sr=c&sig={}",
        ),
        ("Azure client secret", f"{some(3)}8Q~{some(34)}", "AZURE_CLIENT_SECRET: '{}'"),
        (
            "Azure service bus key",
            some(43) + "=",
            "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={}",
        ),
        ("JSON Web Token", jwt(), "GET /me\nCookie: session={}"),
        ("JSON Web Token, test failure", jwt(), "E   AssertionError: assert '{}' is None"),
        ("SendGrid key", f"SG.{some(22)}.{some(43)}", 'sg = SendGridAPIClient("{}")'),
        ("Mailgun key", "key-" + some(32, HEX), "api:{}"),
        ("Mailchimp key", some(32, HEX) + "-us14", 'mailchimp.setApiKey("{}")'),
        ("Twilio token", some(32, HEX), 'TWILIO_AUTH_TOKEN="{}"'),
        ("Telegram token", "8123456789:AA" + some(33), "bot = Bot('{}')"),
        ("Discord token", f"M{some(23)}.{some(6)}.{some(27)}", 'client.run("{}")'),
        ("DigitalOcean token", "dop_v1_" + some(64, HEX), "doctl auth init -t {}"),
        ("Shopify token", "shpat_" + some(32, HEX), "X-Shopify-Access-Token: {}"),
        ("Databricks token", "dapi" + some(32, HEX), "token = {}"),
        ("Vault token", "hvs." + some(90), "VAULT_TOKEN={} vault read x"),
        (
            "Terraform Cloud token",
            f"{some(14)}.atlasv1.{some(67)}",
            'credentials "app.terraform.io" {{ token = "{}" }}',
        ),
        ("Docker Hub token", "dckr_pat_" + some(27), "docker login -u me -p {}"),
        ("Grafana token", "glsa_" + some(32) + "_" + some(8, HEX), "grafana: {}"),
        ("New Relic key", "NRAK-" + some(27, UPPER), "newrelic {}"),
        ("Atlassian token", "ATATT3xFfGF0" + some(170) + "=" + some(8, UPPER), "jira:\n  api_token: {}"),
        ("Linear key", "lin_api_" + some(40), "fetch(url, {{headers: {{Authorization: '{}'}}}})"),
        ("Notion secret", "secret_" + some(43), "notion = Client(auth='{}')"),
        ("Supabase key", "sbp_" + some(40, HEX), "supabase {}"),
        ("Sentry token", "sntrys_" + some(80), "sentry-cli --auth-token {} releases"),
        ("bcrypt hash", "$2b$12$" + some(53), "INSERT INTO users VALUES ('ada', '{}')"),
        ("age key", "AGE-SECRET-KEY", ""),  # replaced below: it blocks
        ("password in a URL", "Tr0ub4dor&3x", "postgres://shop:{}@db.internal:5432/shop"),
        ("password in a URL, signs", "p@ss!w0rd$", 'url = "amqp://svc:{}@mq.internal//"'),
        ("password in a URL, word", "correcthorse", "REDIS_URL=redis://:{}@cache.internal:6379/0"),
        ("password in a git remote", some(20), "fatal: unable to access 'https://bot:{}@git.corp/x.git/'"),
        ("password, Python", "hunter2hunter2", 'conn = connect(host="db", user="ada", password="{}")'),
        (
            "password, environment",
            "Winter2024!",
            "services:\n  db:\n    environment:\n      - POSTGRES_PASSWORD={}",
        ),
        ("password, properties", "s3cr3t-Pa55", "spring.datasource.password={}"),
        ("password, YAML", "V3ryS3cure#1", "database:\n  user: shop\n  password: {}"),
        ("password, JSON", "Gr8Expectations", '{{"user": "ada", "password": "{}"}}'),
        (
            "password, JSON in a string",
            "Gr8Expectati0n",
            'body = "{{\\"user\\": \\"ada\\", \\"password\\": \\"{}\\"}}"',
        ),
        ("password, ADO.NET", "Qw3rty!Uiop", "Server=db;Database=shop;User Id=sa;Password={};Encrypt=true"),
        ("password, JDBC", "k8sRocks99", 'jdbc:mysql://db/shop?user=shop&password={}&useSSL=true"'),
        ("password, libpq", "n0tAGoodOne", "host=db user=shop password={} dbname=shop"),
        ("password, XML", "Adm1nAdm1n!", "<user>root</user><password>{}</password>"),
        ("password, netrc", "f00Barbaz9", "machine api.corp login ada password {}"),
        ("password, C#", "P4$$word-of-mine", 'private const string Password = "{}";'),
        ("password, Go", "go4Gophers!", 'cfg := Config{{User: "x", Password: "{}"}}'),
        ("password, TypeScript", "ts-R0cks-2day", "const dbPassword: string = '{}';"),
        ("password, Rust", "Ferris-0wns-it", 'let passwd: &str = "{}";'),
        ("password, PHP", "Php4Ever!!", "define('DB_PASSWORD', '{}');"),
        ("password, option", "0ption-Secret", "mysqldump --user=root --password={} shop"),
        ("password, curl", "cUrl-me-n0t", "curl -u ada:{} https://api.corp/v1"),
        ("password, comparison", "OpenSesame42", 'if password == "{}":\n    login()'),
        ("password, diagnostics", "Leaky-Lin7er", "settings.py:12: S105 Possible hardcoded password: '{}'"),
        ("secret, Django", "django-insecure-" + some(50), "SECRET_KEY = '{}'"),
        ("secret, Dockerfile", some(32), "ENV API_SECRET {}"),
        (
            "secret, Kubernetes",
            base64.b64encode(b"Un!qu3-passw0rd").decode(),
            "kind: Secret\ndata:\n  password: {}",
        ),
        ("key, Kubernetes variable", some(40), "- name: STRIPE_API_KEY\n  value: {}"),
        ("key, task definition", some(40), '{{"name": "PAYMENT_API_KEY", "value": "{}"}}'),
        ("key, fallback", some(32), 'key = os.getenv("MAPS_API_KEY", "{}")'),
        ("key, assigned to the environment", some(32), 'os.environ["DATADOG_API_KEY"] = "{}"'),
        ("key, header", some(40, HEX), "curl -H 'X-Api-Key: {}' https://api.corp"),
        ("key, Java properties", some(36), 'props.setProperty("service.api.key", "{}");'),
        ("token, TOML", some(48), '[registry]\ntoken = "{}"'),
        ("token, query", some(32, HEX), "GET /v1/items?access_token={}&page=2"),
        ("token, Bearer", some(44), "-H 'Authorization: Bearer {}'"),
        ("basic authorization", basic, "Authorization: Basic {}"),
        ("registry authorization", basic, '{{"auths": {{"ghcr.io": {{"auth": "{}"}}}}}}'),
        (
            "token, traceback",
            some(40),
            "requests.exceptions.HTTPError: 401 for url: https://api.corp/v1?token={}",
        ),
    ]
    return [Planted(name, secret, text.format(secret)) for name, secret, text in rows if text]


PLANTED = _made()


def private_keys() -> list[Planted]:
    """Return texts that hold a private key, or a piece of one."""
    source = random.Random(23)
    lines = [base64.b64encode(source.randbytes(48)).decode() for _ in range(12)]
    lines[0] = "MIIEpAIBAAKCAQEA" + lines[0][16:]
    pem = "\n".join(["-----BEGIN RSA PRIVATE " + "KEY-----", *lines, "-----END RSA PRIVATE " + "KEY-----"])
    openssh = pem.replace("RSA", "OPENSSH").replace("MIIEpAIBAAKCAQEA", "b3BlbnNzaC1rZXkt")
    texts = {
        "PEM": pem,
        "PEM in a Python string": 'KEY = """' + pem + '"""',
        "PEM on one line": json.dumps({"type": "service_account", "private_key": pem + "\n"}),
        "PEM in a diff": "\n".join("+    " + line for line in pem.split("\n")),
        "PEM in concatenated strings": "\n".join(f'"{line}\\n" +' for line in pem.split("\n")),
        "encrypted PEM": pem.replace(
            "KEY-----\nMII", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMII"
        ),
        "OpenSSH": openssh,
        "PGP": pem.replace("RSA PRIVATE KEY", "PGP PRIVATE KEY BLOCK"),
        "its beginning": pem[:300],
        "its end": pem[-300:],
        "no first line": "PRIVATE_KEY=" + "".join(lines),
        "JWK": json.dumps(
            {"kty": "RSA", "n": lines[1][:40], "d": "".join(lines)[:86].replace("+", "-").replace("/", "_")}
        ),
        "age": "AGE-SECRET-KEY-1" + "".join(source.choice(UPPER) for _ in range(58)),
        "PuTTY": "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\nPrivate-Lines: 1\n"
        + lines[2],
    }
    return [Planted(name, "", text) for name, text in texts.items()]
