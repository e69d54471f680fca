"""What opens something and what leads to a person: found as it is written, and not where it belongs to nobody."""

from __future__ import annotations

import pytest

from strigil.audits.rules.rule import RULES
from strigil.audits.texts.personal import personal
from strigil.audits.texts.secrets import secrets
from tests.audits.tables import rows_of

# Put together here, so that nobody's scanner takes this file for a leak.
SECRET = {
    "glpat-" + "x7Kq9Zb2" * 3: "GitLab token",
    "npm_" + "a7Kq9Zb2xC" * 3 + "d4F6g8": "npm token",
    "SG." + "a7Kq9Zb2xCd4F6g8h1J3k5" + "." + "a7Kq9Zb2xCd4F6g8h1J3k5L7m9N2p4Q6r8S1t3U5v7W": "SendGrid key",
    "AccountKey=" + "a7Kq9Zb2xC" * 8 + "d4F6g8==": "Azure key",
    "SK" + "4f2a9c7e" * 4: "Twilio key",
    "dop_v1_" + "4f2a9c7e" * 8: "DigitalOcean token",
    "https://hooks.slack." + "com/services/T0A1B2C3D/B4E5F6G7H/a7Kq9Zb2xCd4F6g8h1J3k5L7": "Slack webhook",
    "sk_" + "live_" + "a7Kq9Zb2xCd4F6g8h1J3k5L7": "Stripe key",
    "AIza" + "a7Kq9Zb2xCd4F6g8h1J3k5L7m9N2p4Q6r8S": "Google key",
    "-----BEGIN " + "OPENSSH PRIVATE KEY-----": "private key",
    "7654321098:AA" + "a7Kq9Zb2xCd4F6g8h1J3k5L7m9N2p4Q6r": "Telegram token",
    "mysql://root:hunter22@db.internal/app": "password in an address",
    "redis://:pw4cache@10.0.0.7:6379": "password in an address",
    "https://deploy:gT7pLq2x@git.company.io/x.git": "password in an address",
    "amqp+ssl://guest:rabbit77@mq/": "password in an address",
    "ya29." + "a0AfB_byC7xKq9Zb2dR4" * 4: "Google OAuth token",
    "aws_secret_access_key = " + "wJalrXUtnF3MIK7MDENG/bPxRfiCY8zKq2LmNpQr": "key by its name",
    "AWS_SECRET_ACCESS_KEY=" + "wJalrXUtnF3MIK7MDENG+bPxRfiCY8zKq2LmNpQr": "key by its name",
    'api_key: "' + "9f8e7d6c5b4a3928" * 2 + '"': "key by its name",
    '{"clientSecret": "' + "Xq7~k2Lm9Pz4Rt6Vw8" + '"}': "key by its name",
    "X-Auth-Token: " + "Zk8wQ2nR5tY7uB1vC4xD": "key by its name",
    "config['api-key'] = '" + "b7Kq9Zb2xCd4F6g8h1J3" + "'": "key by its name",
    "password = '" + "c0rrecth0rsebat" + "'": "password by its name",
    "DB_PASSWORD=" + "Tr0ub4dor&3xy": "password by its name",
    "pwd: `" + "hunter22" + "`": "password by its name",
    "password: " + "c0rrectH0rse": "password by its name",
    "curl -u admin:" + "Zx9kLm2Qp" + " https://x.y": "password by its name",
    "Server=db;User Id=sa;Password=" + "Zx9!kLm2Qp" + ";": "password by its name",
    "Authorization: Bearer " + "a8f5f167f44f4964e6c998dee827110cZZ9": "key by its name",
    "https://api.x.y/?api_key=" + "9f8e7d6c5b4a39281706f5e4d3c2b1a0": "key by its name",
}
NO_SECRET = [
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "X" * 36,
    "sk-" + "0" * 48,
    "postgresql://user:password@localhost/db",
    "mysql://root:${MYSQL_PASSWORD}@db/app",
    "https://user:<password>@host/",
    "redis://:{password}@cache",
    "https://example.com:8080/a@b",
    "see http://a.b/c:d@e",
    "task-sk-123456789012345678901234567890",
    "the SKETCH of an AKIA and a ghp_",
    "std::AAbb, key-value, sig= and SG.",
    "password = getpass.getpass('Password 1: ')",
    "password = user1_password",
    "password: str = Field(min_length=8)",
    "api_key = os.environ['OPENAI_API_KEY_2']",
    "api_key: 'your-api-key-here-0123'",
    "api_key = '<YOUR_KEY_2>', token = '${GITHUB_TOKEN_2}', secret: {{ vault.secret2 }}",
    "token = tokens2ids[next_token_id_3]",
    "password='test1234', passwd = 'admin2024', pwd=changeme123, password: password123",
    "bos_token: '<|begin_of_text_1|>', pad_token_id=128001",
    "the secret: 3 eggs; token: 12345678901234567890",
    "access_token: xxxxxxxx-1111-xxxx",
    "Authorization: Bearer <token>, Bearer YOUR_ACCESS_TOKEN_2, the bearer of news123 tidings",
    "docker run -u 1000:1000 image, psql -U user:name",
    "secret=kFp8DynamicTokenSymmetric",
]
PERSONAL = {
    "mail to jane.doe@university.ac.uk": "mail address",
    "Jane <jane+news@company.io>": "mail address",
    "Call 1-415-867-5309 now.": "telephone number",
    "+49 30 90178291": "telephone number",
    "+33.6.12.34.56.78": "telephone number",
    "(415) 867-5309": "telephone number",
    "415.867.5309": "telephone number",
    "Tel.: 0171/2345678": "telephone number",
    "call me on 020 7123 4567": "telephone number",
    "IBAN DE89 3704 0044 0532 0130 00": "bank account",
    "NL91ABNA0417164300": "bank account",
    "4539-1488-0343-6467": "card number",
    "5425 2334 3010 9903": "card number",
    "3742 454554 00126": "card number",
    "my social is 536-90-4399": "national identity number",
    "NI number: CE 12 34 56 A": "national identity number",
    "X1234567L": "national identity number",
    "1 84 12 76 451 089 46": "national identity number",
}
NOT_PERSONAL = [
    "a@example.com, b@mail.example.org, c@x.test, d@y.invalid, root@host.local, git@github.com, noreply@company.io",
    "someone@example.co.uk",
    "202-555-0143 and (212) 555-0199",
    "123 456 7890",
    "2024-01-31 12:30:59",
    "192.168.100.200",
    "version 1.22.3334",
    "415-86-75309",
    "4111 1111 1111 1111 and 4242424242424242",
    "4539 1488 0343 6468",
    "DE89 3704 0044 0532 0130 01",
    "ISBN 978-3-16-148410-0",
    "078-05-1120 and 123-45-6789",
    "000-12-3456",
    "12345678A",
    "call f(0, 12345678)",
    "1, 2, 3, 415, 867, 5309",
    "AB 12 34 56 C",
    "UTC+10:30, C++11, +1 for that",
    "3.14159265358979",
]


@pytest.mark.parametrize("text", SECRET)
def test_what_opens_something_is_found_and_not_shown(text: str) -> None:
    assert list(dict(secrets(text))) == [SECRET[text]]
    finding = RULES.create("text.secrets").score(rows_of([f"use '{text}' here"])).row(0, named=True)
    assert SECRET[text] in finding["reason"]
    assert text[13:] not in finding["evidence"]


@pytest.mark.parametrize("text", NO_SECRET)
def test_what_opens_nothing_is_none(text: str) -> None:
    assert dict(secrets(text)) == {}


@pytest.mark.parametrize("text", PERSONAL)
def test_what_leads_to_a_person_is_found(text: str) -> None:
    finding = RULES.create("text.personal").score(rows_of([text])).row(0, named=True)
    assert finding["reason"] == PERSONAL[text]


@pytest.mark.parametrize("text", NOT_PERSONAL)
def test_what_belongs_to_nobody_is_left_alone(text: str) -> None:
    assert dict(personal(text)) == {}
