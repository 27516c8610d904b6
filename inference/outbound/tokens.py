"""Secrets known by their form: tokens with a vendor's prefix, passwords in addresses, headers.

Forms are from the vendors' own documentation. A rule begins at a literal that `str.find` finds, and what
follows it is matched without anything to go back to, so that the time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from inference.outbound.findings import Clock, Secret
from inference.outbound.worth import made_up, varied

EDGE = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
"""Where a token may begin: also behind an escaped line break or a percent-encoded sign."""
LONGEST = 8192
"""Characters of one secret; what is longer is cut there and found again behind the cut."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A token: what it starts with, and what it is in whole. The first group, if any, is the secret."""

    kind: str
    start: str
    form: re.Pattern[str]
    varied: bool = False
    """Whether it must look random, because words may have the same form."""
    before: bool = False
    """Whether the letters and digits right before it belong to it."""


def _rule(
    kind: str, start: str, rest: str, *, edge: bool = True, varied: bool = False, before: bool = False
) -> Rule:
    return Rule(kind, start, re.compile((EDGE if edge else "") + re.escape(start) + rest), varied, before)


def _rules(kind: str, starts: str, rest: str, **how: bool) -> list[Rule]:
    return [_rule(kind, start, rest, **how) for start in starts.split()]


WORD = r"[A-Za-z0-9_-]"
RULES = (
    *_rules("ANTHROPIC_KEY", "sk-ant-", WORD + "{16,}"),
    *_rules("OPENAI_KEY", "sk-proj- sk-svcacct- sk-admin- sk-None-", WORD + "{16,}", varied=True),
    *_rules("OPENAI_KEY", "sk-", "[A-Za-z0-9]{32,}"),
    *_rules("API_KEY", "sk-or-v1- sk-lf- sk-", WORD + "{20,}", varied=True),
    *_rules("HUGGINGFACE_TOKEN", "hf_ api_org_", "[A-Za-z0-9]{30,}"),
    *_rules("GITHUB_TOKEN", "ghp_ gho_ ghu_ ghs_ ghr_", "[A-Za-z0-9_]{30,}"),
    *_rules("GITHUB_TOKEN", "github_pat_", "[A-Za-z0-9_]{30,}"),
    *_rules(
        "GITLAB_TOKEN",
        "glpat- gldt- glft- glsoat- glrt- glrtr- glcbt- glimt- glptt- glagent- gloas- glffct- glwt-",
        r"[A-Za-z0-9_-]{18,}(?:\.[A-Za-z0-9_-]+)*",
    ),
    *_rules("GITLAB_TOKEN", "GR1348941", WORD + "{20,}"),
    *_rules(
        "SLACK_TOKEN", "xoxa- xoxb- xoxp- xoxo- xoxr- xoxs- xoxc- xoxd-", "[A-Za-z0-9%_-]{10,}", varied=True
    ),
    *_rules("SLACK_TOKEN", "xoxe- xoxe.xoxp- xoxe.xoxb- xapp-", WORD + "{20,}", varied=True),
    *_rules(
        "SLACK_WEBHOOK",
        "hooks.slack.com/",
        r"(?:services|workflows|triggers)/([A-Za-z0-9_/]{20,})",
        edge=False,
    ),
    *_rules(
        "DISCORD_WEBHOOK", "discord.com/api/webhooks/ discordapp.com/api/webhooks/", r"(\d{5,}/[\w-]{30,})"
    ),
    *_rules("TEAMS_WEBHOOK", ".webhook.office.com/", r"webhookb2/([\w@/-]{40,})", edge=False),
    *_rules("STRIPE_KEY", "sk_live_ rk_live_ sk_test_ rk_test_ sk_org_", "[A-Za-z0-9_]{16,}"),
    *_rules("STRIPE_KEY", "whsec_", "[A-Za-z0-9+/=_-]{24,}"),
    *_rules("GOOGLE_KEY", "AIza", WORD + "{33,}"),
    *_rules("TAILSCALE_KEY", "tskey-", WORD + "{20,}", varied=True),
    *_rules("GOOGLE_KEY", "GOCSPX- ya29.", "[A-Za-z0-9_.-]{20,}"),
    *_rules("GOOGLE_KEY", "1//0", WORD + "{40,}", varied=True),
    *_rules("AWS_KEY", "AKIA ASIA ABIA ACCA", "[0-9A-Z]{16}(?![0-9A-Za-z])"),
    *_rules("AWS_KEY", "ABSKQmVkcm9ja0FQSUtleS", "[A-Za-z0-9+/=]{40,}"),
    *_rules("AZURE_KEY", "AccountKey= SharedAccessKey=", r"([A-Za-z0-9+/%]{40,}={0,2})", edge=False),
    *_rules("AZURE_KEY", "sig=", r"([A-Za-z0-9%+/_-]{40,}={0,2})", varied=True),
    *_rules("NPM_TOKEN", "npm_", "[A-Za-z0-9]{36,}"),
    *_rules(
        "NPM_TOKEN", ":_authToken= :_password= :_auth=", r"[ \"']{0,2}([A-Za-z0-9+/=_.-]{8,})", edge=False
    ),
    *_rules("PYPI_TOKEN", "pypi-AgE", WORD + "{20,}"),
    *_rules("DIGITALOCEAN_TOKEN", "dop_v1_ doo_v1_ dor_v1_", "[a-f0-9]{40,}"),
    *_rules("SHOPIFY_TOKEN", "shpat_ shpca_ shppa_ shpss_", "[A-Fa-f0-9]{32,}"),
    *_rules("DATABRICKS_TOKEN", "dapi", "[a-f0-9]{32}(?:-\\d)?(?![a-z0-9])"),
    *_rules("VAULT_TOKEN", "hvs. hvb. hvr.", WORD + "{24,}", varied=True),
    *_rules("TERRAFORM_TOKEN", ".atlasv1.", WORD + "{60,}", edge=False, before=True),
    *_rules("DOCKER_TOKEN", "dckr_pat_ dckr_oat_", WORD + "{20,}"),
    *_rules("GRAFANA_TOKEN", "glsa_ glc_", "[A-Za-z0-9_+/=]{30,}", varied=True),
    *_rules("NEW_RELIC_KEY", "NRAK- NRJS- NRII- NRRA-", WORD + "{19,}"),
    *_rules("POSTMAN_KEY", "PMAK-", "[a-f0-9]{24}-[a-f0-9]{34}"),
    *_rules("API_KEY", "gsk_ xai- pplx- r8_ nvapi- fw_ csk- tvly-", WORD + "{28,}", varied=True),
    *_rules("ATLASSIAN_TOKEN", "ATATT3 ATCTT3 ATBB", "[A-Za-z0-9_=-]{28,}", varied=True),
    *_rules("LINEAR_KEY", "lin_api_ lin_oauth_", "[A-Za-z0-9]{32,}"),
    *_rules("NOTION_TOKEN", "ntn_ secret_", "[A-Za-z0-9]{40,}", varied=True),
    *_rules("SUPABASE_KEY", "sbp_ sb_secret_", "[A-Za-z0-9_]{30,}", varied=True),
    *_rules("PLANETSCALE_TOKEN", "pscale_tkn_ pscale_pw_ pscale_oauth_", r"[\w.=-]{30,}"),
    *_rules("SENTRY_TOKEN", "sntrys_ sntryu_", "[A-Za-z0-9+/=_-]{40,}"),
    *_rules("SENDGRID_KEY", "SG.", r"[\w-]{16,}\.[\w-]{32,}", varied=True),
    *_rules("BREVO_KEY", "xkeysib- xsmtpsib-", "[a-f0-9]{40,}(?:-[A-Za-z0-9]+)?"),
    *_rules("MAILGUN_KEY", "key-", "[a-f0-9]{32}(?![A-Za-z0-9])"),
    *_rules("DOPPLER_TOKEN", "dp.pt. dp.st. dp.sa. dp.ct.", r"[A-Za-z0-9_.]{40,}"),
    *_rules("SQUARE_TOKEN", "sq0atp- sq0csp- EAAAE", WORD + "{22,}", varied=True),
    *_rules("PAYPAL_TOKEN", "access_token$production$", r"[a-z0-9]{16}\$[a-f0-9]{32}"),
    *_rules("HEROKU_KEY", "HRKU-", WORD + "{30,}"),
    *_rules("FLY_TOKEN", "fm1_ fm2_ fo1_", "[A-Za-z0-9+/=_-]{40,}", varied=True),
    *_rules("PULUMI_TOKEN", "pul-", "[a-f0-9]{40}"),
    *_rules("AIRTABLE_TOKEN", "pat", r"[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    *_rules(
        "TELEGRAM_TOKEN", ":AA", r"[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])", edge=False, varied=True, before=True
    ),
    *_rules("PASSWORD_HASH", "$2a$ $2b$ $2y$", r"\d\d\$[./A-Za-z0-9]{53}", edge=False),
    *_rules("PASSWORD_HASH", "$5$ $6$ $y$ $1$ $apr1$", r"[^\s:\"'$]{1,60}\$[^\s:\"']{20,}", edge=False),
    *_rules(
        "JWT",
        "eyJ",
        r"[A-Za-z0-9_-]{8,}={0,2}\.[A-Za-z0-9_-]{8,}(?:={0,2}\.[A-Za-z0-9_-]*){0,3}",
        varied=True,
    ),
)  # fmt: skip

HEAD = re.compile(r"[A-Za-z0-9]+\Z")
ADDRESS = re.compile(r"://([^\s:/?#@\"'<>`]{0,100}):([^\s/\"'<>`]{1,200})@(?=[\w\[$%{-])")
"""A name and a password before a host; the password runs to the last @ of that part."""
SHORTEST = 6
"""Letters a password in an address has at least: a shorter word there is a name of something."""
SCHEMES = ("Bearer", "Basic", "Token", "ApiKey", "Digest", "bearer", "basic", "token")
SCHEME = re.compile(rf"(?:{'|'.join(SCHEMES)})[ \t]{{1,4}}([A-Za-z0-9_\-.~+/]{{12,}}={{0,2}})")
LOGIN = re.compile(r"(?:-u|--user|--proxy-user)[ =]{1,4}[\"']?[^\s:\"']{1,60}:([^\s\"'@/]{4,100})")


def known_forms(text: str, clock: Clock) -> Iterator[Secret]:
    """Yield the secrets in a text that their form gives away. Raises Unfinished."""
    for rule in RULES:
        at = text.find(rule.start)
        if at < 0:
            continue
        clock.start()
        while at >= 0:
            end = at + len(rule.start)
            if found := rule.form.match(text, at, at + LONGEST):
                value = found[found.re.groups and 1]
                if rule.before and (head := HEAD.search(text, max(0, at - 40), at)):
                    value = head[0] + value
                if not rule.varied or varied(value):
                    yield Secret(rule.kind, value)
                end = max(end, found.end())
            clock.check(rule.kind)
            at = text.find(rule.start, end)
    clock.start()
    yield from _in_addresses(text, clock)
    yield from _in_headers(text, clock)


def _in_addresses(text: str, clock: Clock) -> Iterator[Secret]:
    at = text.find("://")
    while at >= 0:
        if found := ADDRESS.match(text, at, at + 400):
            name, password = found.groups()
            word = password.isalpha() and len(password) < SHORTEST
            if not word and not made_up(password) and password.lower() != name.lower():
                yield Secret("PASSWORD", password)
        clock.check("addresses")
        at = text.find("://", at + 3)


def _in_headers(text: str, clock: Clock) -> Iterator[Secret]:
    for scheme in SCHEMES:
        at = text.find(scheme + " ")
        while at >= 0:
            found = SCHEME.match(text, at, at + LONGEST)
            if found and varied(found[1]) and not made_up(found[1]):
                yield Secret("TOKEN", found[1])
            clock.check("headers")
            at = text.find(scheme + " ", at + len(scheme))
    for option in ("-u ", "--user ", "--user=", "--proxy-user "):
        at = text.find(option)
        while at >= 0:
            found = LOGIN.match(text, at, at + 400)
            if found and not made_up(found[1]):
                yield Secret("PASSWORD", found[1])
            clock.check("options")
            at = text.find(option, at + len(option))
