"""Secrets as people write them, each with the text around it.

No secret here is real: each is drawn from a seeded generator or put together from pieces, so that
nothing in this file looks like a key to a scanner. `§` in a text stands for the secret.
"""

from __future__ import annotations

import base64
import random
import string
from typing import NamedTuple

_ALNUM = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"
_UPPER = string.ascii_uppercase + string.digits
_URL = f"{_ALNUM}-_"


class Planted(NamedTuple):
    """One secret, and the text in which it stands."""

    secret: str
    text: str


def drawn(count: int, alphabet: str = _ALNUM) -> str:
    """Return the same odd characters for the same count and alphabet; the first is a letter."""
    rng = random.Random(f"{count} {alphabet}")
    first = next(letter for letter in alphabet[::-1] if letter.isalpha())
    return first + "".join(rng.choice(alphabet) for _ in range(count - 1))


def _jwt() -> str:
    parts = ('{"alg":"HS256","typ":"JWT"}', '{"sub":"1234567890","name":"Anna"}')
    encoded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, drawn(43, _URL)])


def _key(kind: str, lines: int = 4) -> str:
    word = f"{kind} PRIVATE KEY".strip()
    body = "\n".join(drawn(64 - line, f"{_ALNUM}+/") for line in range(lines))
    return f"-----BEGIN {word}-----\n{body}\n-----END {word}-----"


_PASSWORD = "hunter2"
_PHRASE = "correct horse battery staple"
_UNICODE = "pässwörd-ñandú"
_BASIC = base64.b64encode(b"anna:hunter2hunter2").decode()

SHAPES = {
    "aws key id": "AKIA" + drawn(16, _UPPER),
    "aws session key id": "ASIA" + drawn(16, _UPPER),
    "google api key": "AIza" + drawn(35, _URL),
    "google oauth": "ya29." + drawn(60, _URL),
    "google oauth secret": "GOCSPX-" + drawn(28, _URL),
    "github": "ghp_" + drawn(36),
    "github app": "ghs_" + drawn(36),
    "github fine": "github_pat_" + drawn(22) + "_" + drawn(59),
    "gitlab": "glpat-" + drawn(20, _URL),
    "gitlab runner": "glrt-" + drawn(20, _URL),
    "gitlab ci": "glcbt-" + drawn(24, _URL),
    "hugging face": "hf_" + drawn(34),
    "hugging face org": "api_org_" + drawn(34),
    "openai": "sk-" + drawn(48),
    "openai project": "sk-proj-" + drawn(80, _URL),
    "anthropic": "sk-ant-api03-" + drawn(93, _URL) + "AA",
    "openrouter": "sk-or-v1-" + drawn(64, _HEX),
    "groq": "gsk_" + drawn(52),
    "replicate": "r8_" + drawn(37),
    "perplexity": "pplx-" + drawn(48),
    "slack bot": "xoxb-" + drawn(12, "b123456789") + "-" + drawn(24),
    "slack user": "xoxp-" + drawn(50, f"{_HEX}-"),
    "slack app": "xapp-1-" + drawn(40, f"{_UPPER}-"),
    "slack hook": "hooks.slack.com/services/T" + drawn(8, _UPPER) + "/B1234567/" + drawn(24),
    "discord hook": "discord.com/api/webhooks/123456789012345678/" + drawn(68, _URL),
    "stripe": "sk_live_" + drawn(24),
    "stripe restricted": "rk_test_" + drawn(24),
    "stripe hook": "whsec_" + drawn(32),
    "twilio": "SK" + drawn(32, _HEX),
    "sendgrid": "SG." + drawn(22, _URL) + "." + drawn(43, _URL),
    "mailgun": "key-" + drawn(32, _HEX),
    "mailchimp": drawn(32, _HEX) + "-us14",
    "npm": "npm_" + drawn(36),
    "pypi": "pypi-AgEIcHlwaS5vcmc" + drawn(70, _URL),
    "databricks": "dapi" + drawn(32, _HEX),
    "shopify": "shpat_" + drawn(32, _HEX),
    "digital ocean": "dop_v1_" + drawn(64, _HEX),
    "new relic": "NRAK-" + drawn(27, _UPPER),
    "grafana": "glsa_" + drawn(32) + "_" + drawn(8, _HEX),
    "linear": "lin_api_" + drawn(40),
    "notion": "secret_" + drawn(43),
    "telegram": "123456789:AA" + drawn(33, _URL),
    "vault": "hvs." + drawn(90, _URL),
    "terraform": drawn(14) + ".atlasv1." + drawn(60, _URL),
    "age": "AGE-SECRET-KEY-1" + drawn(58, _UPPER),
    "jwt": _jwt(),
    "azure storage": drawn(86, f"{_ALNUM}+/") + "==",
}
_ANYWHERE = ("fetch(§)", "# the old one was § and it works")
_QUOTED = ("client = Client('§')", 'x = ["§", 1]', "curl -H 'X-Any: §' https://example.org")

_BY_SHAPE = [
    Planted(secret, (_QUOTED[place % 3] if place % 2 else _ANYWHERE[place // 2 % 2]))
    for place, (kind, secret) in enumerate(SHAPES.items())
    if kind != "azure storage"
]

_KEYS = [
    Planted(drawn(63, f"{_ALNUM}+/"), f"key = '''{_key('RSA')}'''"),
    Planted(drawn(64, f"{_ALNUM}+/"), f'key = """{_key("")}"""\nuse(key)'),
    Planted(drawn(62, f"{_ALNUM}+/"), f"{_key('OPENSSH')}\n"),
    Planted(drawn(64, f"{_ALNUM}+/"), f"{_key('EC')[:150]}"),
    Planted(
        drawn(64, f"{_ALNUM}+/"),
        _key("RSA").replace("RSA PRIVATE KEY-----", "PGP PRIVATE KEY BLOCK-----"),
    ),
    Planted(drawn(64, f"{_ALNUM}+/"), repr({"private_key": _key(""), "client_id": "1"})),
]

_ASSIGNED = [
    Planted(_PASSWORD, "password = '§'"),
    Planted(_PASSWORD, "PASSWORD='§'\nconnect()"),
    Planted(_PASSWORD, "db_password = f'§'"),
    Planted(_PASSWORD, 'DB_PASS = "§"'),
    Planted(_PASSWORD, "user, password = 'anna', '§'"),
    Planted(_PASSWORD, "self.password = '§'"),
    Planted(_PASSWORD, "config.api_key: str = '§'"),
    Planted(_PASSWORD, "token: str | None = '§'"),
    Planted(_PASSWORD, "passwort = '§'"),
    Planted(_PASSWORD, "kennwort = '§'"),
    Planted(_PASSWORD, "mot_de_passe = '§'"),
    Planted(_PASSWORD, "mdp = '§'"),
    Planted(_PASSWORD, "contraseña = '§'"),
    Planted(_PASSWORD, "contrasena_bd = '§'"),
    Planted(_PASSWORD, "clave_secreta = '§'"),
    Planted(_PASSWORD, "senha = '§'"),
    Planted(_PASSWORD, "wachtwoord = '§'"),
    Planted(_PASSWORD, "lösenord = '§'"),
    Planted(_PASSWORD, "пароль = '§'"),
    Planted(_PASSWORD, "密码 = '§'"),
    Planted(_PASSWORD, "hasło = '§'"),
    Planted(_PHRASE, "passphrase = '§'"),
    Planted(_PHRASE, 'password = ("§")'),
    Planted("it's mine", 'password = "§"'),
    Planted('say "please"', "password = '§'"),
    Planted("it\\'s mine", "password = '§'"),
    Planted(_UNICODE, "password = '§'"),
    Planted("line one\nline two", 'password = """§"""'),
    Planted(_PASSWORD, "password = (\n    '§'\n)"),
    Planted("first half", "password = ('§' 'second half')"),
    Planted("second half", "password = ('first half' '§')"),
    Planted(_PASSWORD, "password = b'§'"),
    Planted(_PASSWORD, "password = os.environ.get('DB_PASSWORD', '§')"),
    Planted(_PASSWORD, "password = os.getenv('DB_PASSWORD') or '§'"),
    Planted(_PASSWORD, "if (token := '§'):\n    pass"),
    Planted(_PASSWORD, "def connect(user, password='§', port=1): ..."),
    Planted(_PASSWORD, "def connect(*, password: str = '§'): ..."),
    Planted(drawn(40), "aws_secret_access_key = '§'"),
    Planted(drawn(40), "boto3.client('s3', aws_secret_access_key='§')"),
    Planted(drawn(32, _HEX), "WANDB_API_KEY = '§'"),
    Planted(drawn(40, _HEX), "wandb.login(key='§')"),
    Planted(drawn(32, _HEX), 'open("kaggle.json").write(\'{"username":"anna","key":"§"}\')'),
    Planted(drawn(32, _HEX), "client = Client(auth_token='§')"),
    Planted(drawn(32, _HEX), "auth = ('anna', '§')"),
    Planted(drawn(32, _HEX), "requests.get(url, auth=('anna', '§'))"),
    Planted(drawn(32, _HEX), "requests.get(url, auth=HTTPBasicAuth('anna', '§'))"),
    Planted(_PASSWORD, "login(username='anna', passwd='§')"),
    Planted(_PASSWORD, "options = {'user': 'anna', 'password': '§'}"),
    Planted(_PASSWORD, "options = dict(user='anna', password='§')"),
    Planted(_PASSWORD, "options['password'] = '§'"),
    Planted(_PASSWORD, "options.update(secret='§')"),
    Planted(_PASSWORD, "credentials = ('anna', '§')"),
    Planted("ter2024", "password = 'Win' + '§'"),
    Planted(_PASSWORD, "user = 'anna'; pw = '§'"),
    Planted(_PASSWORD, "passw = '§'"),
    Planted(_PASSWORD, "dotenv.set_key('.env', 'DB_PASSWORD', '§')"),
    Planted(_PASSWORD, "setattr(config, 'secret_key', '§')"),
    Planted(_PASSWORD, "SECRET_KEY = '§'"),
    Planted(_PASSWORD, "signing_key = '§'"),
    Planted(_PASSWORD, "encryption_key = '§'"),
    Planted(drawn(43, _URL) + "=", "fernet = Fernet(b'§')"),
    Planted(drawn(44), "account_key = '§'"),
    Planted(_PASSWORD, "pin_code = 1\nuser_pwd = '§'"),
    Planted(_PASSWORD, "bot_token = '§'"),
    Planted(_PASSWORD, "refresh_token = '§'"),
    Planted(_PASSWORD, "session_cookie = '§'"),
    Planted(_PASSWORD, "connection.set_password('§')"),
    Planted(_PASSWORD, "keyring.set_password('db', 'anna', '§')"),
    Planted("73829164", "password = 73829164\nport = 1"),
]

_ENVIRONMENT = [
    Planted(_PASSWORD, "os.environ['DB_PASSWORD'] = '§'"),
    Planted(_PASSWORD, "os.environ.setdefault('API_TOKEN', \"§\")"),
    Planted(_PASSWORD, "os.environ.update(API_TOKEN='§')"),
    Planted(_PASSWORD, "os.putenv('API_TOKEN', '§')"),
    Planted(_PASSWORD, "monkeypatch.setenv('OPENAI_API_KEY', '§')"),
    Planted(_PASSWORD, "%env DB_PASSWORD=§"),
    Planted(_PASSWORD, "%env DB_PASSWORD §"),
    Planted(_PASSWORD, "%set_env API_TOKEN=§"),
    Planted(_PASSWORD, "!export API_TOKEN=§ && run"),
    Planted(_PASSWORD, "export AWS_SECRET_ACCESS_KEY=§"),
    Planted(_PASSWORD, "export AWS_SECRET_ACCESS_KEY='§'"),
    Planted(_PASSWORD, "DB_PASSWD=§\nUSER=anna"),
    Planted(_PASSWORD, "$env:API_TOKEN = '§'"),
    Planted(_PASSWORD, "set API_TOKEN=§"),
    Planted(_PASSWORD, "docker run -e POSTGRES_PASSWORD=§ postgres"),
    Planted(_PASSWORD, "ENV API_TOKEN=§"),
]

_ADDRESSES = [
    Planted(_PASSWORD, "postgresql://anna:§@db.example.org/flights"),
    Planted(_PASSWORD, "url = 'mysql+pymysql://root:§@localhost:3306/x'"),
    Planted(_PASSWORD, "create_engine('snowflake://anna:§@account/db/schema?warehouse=w')"),
    Planted(_PASSWORD, "mongodb+srv://anna:§@cluster0.example.net/?retryWrites=true"),
    Planted(_PASSWORD, "redis://:§@localhost:6379/0"),
    Planted(_PASSWORD, "amqp://guest:§@rabbit:5672//"),
    Planted("p@ss/w:rd", "create_engine('postgresql://anna:§@db/flights')"),
    Planted(_PASSWORD, "f'postgresql://{user}:§@{host}/flights'"),
    Planted(_PASSWORD, "git clone https://anna:§@example.org/x.git"),
    Planted(drawn(36), "git clone https://§@example.org/x.git"),
    Planted(drawn(36), "git clone https://oauth2:§@gitlab.example.org/x.git"),
    Planted(_PASSWORD, "psycopg.connect('host=db user=anna password=§ port=1')"),
    Planted(_PASSWORD, "psycopg.connect(\"host=db password='§' user=anna\")"),
    Planted(_PASSWORD, "'Server=db;Uid=anna;Pwd=§;'"),
    Planted(
        SHAPES["azure storage"],
        "'DefaultEndpointsProtocol=https;AccountName=x;AccountKey=§;EndpointSuffix=core'",
    ),
    Planted(drawn(44), "'Endpoint=sb://x.example.net/;SharedAccessKeyName=R;SharedAccessKey=§'"),
    Planted(_PASSWORD, "https://example.org/data.csv?user=anna&token=§&page=1"),
    Planted(_PASSWORD, "https://example.org/x?api_key=§"),
    Planted(_PASSWORD, "https://example.org/x?key=§&page=2"),
    Planted(_PASSWORD, "blob?sv=2024&sig=§&se=1"),
    Planted(drawn(64, _HEX), "s3.example.org/x?X-Amz-Date=2024&X-Amz-Signature=§"),
    Planted(drawn(90, _URL), "storage.example.org/x?GoogleAccessId=a&Expires=1&Signature=§"),
    Planted(drawn(60), "x?X-Amz-Security-Token=§&X-Amz-Date=1"),
    Planted(_PASSWORD, "snowflake.connector.connect(user='a', password='§', account='b')"),
    Planted(_PASSWORD, "jdbc:postgresql://db/x?user=anna&password=§"),
    Planted(_PASSWORD, "jdbc:sqlserver://db;user=anna;password=§;encrypt=true"),
    Planted(_PASSWORD, "tls://scheduler:8786?auth_token=§"),
    Planted(_PASSWORD, "ftp://anna:§@ftp.example.org/x.csv"),
]

_HEADERS = [
    Planted("hunter2hunter2", "Authorization: Bearer §"),
    Planted("hunter2hunter2", "headers = {'Authorization': 'Bearer §'}"),
    Planted("hunter2hunter2", "headers = {'Authorization': f'Token §'}"),
    Planted("hunter2hunter2", 'headers = {"Authorization": "§"}'),
    Planted(_BASIC, "headers={'Authorization': 'Basic §'}"),
    Planted(_PASSWORD, "headers = {'X-API-Key': '§'}"),
    Planted(_PASSWORD, "headers = {'x-auth-token': '§'}"),
    Planted(_PASSWORD, "headers = {'Ocp-Apim-Subscription-Key': '§'}"),
    Planted("hunter2hunter2", "curl -H 'Authorization: Bearer §' https://example.org"),
    Planted(_PASSWORD, "curl -H 'X-API-Key: §' https://example.org"),
    Planted(_PASSWORD, "curl -u anna:§ https://example.org"),
    Planted(_PASSWORD, "curl --user 'anna:§' https://example.org"),
    Planted(_PASSWORD, "wget --password=§ https://example.org"),
    Planted(_PASSWORD, "mysql --user=anna --password=§ flights"),
    Planted(_PASSWORD, "mysql -u anna -p§ flights"),
    Planted(_PASSWORD, "sshpass -p '§' ssh anna@example.org"),
    Planted(_PASSWORD, "huggingface-cli login --token §"),
    Planted(_PASSWORD, 'subprocess.run(["tool", "--api-key", "§"])'),
    Planted("hunter2hunter2", "Cookie: sessionid=§; theme=dark"),
    Planted("hunter2hunter2", "Set-Cookie: session_token=§; Path=/"),
]

_FILES = [
    Planted(_PASSWORD, '{"client_secret": "§", "id": 1}'),
    Planted(_PASSWORD, '{"db": {"user": "anna", "pass": "§"}}'),
    Planted(_PASSWORD, '{\n  "apiKey": "§"\n}'),
    Planted(_PASSWORD, '{"accessToken":"§"}'),
    Planted(_PASSWORD, r'"{\"password\": \"§\"}"'),
    Planted("hunter2hunter2", "db_password: §"),
    Planted(_PASSWORD, "database:\n  user: anna\n  password: §\n  port: 1"),
    Planted(_PASSWORD, "database:\n  password: '§'"),
    Planted("rosebud", "database:\n  password: §\n"),
    Planted(_PASSWORD, '[database]\npassword = "§"'),
    Planted(_PASSWORD, "[client]\nuser = anna\npassword = §\n"),
    Planted(_PASSWORD, "[default]\naws_secret_access_key = §\n"),
    Planted(_PASSWORD, "# .env\nDB_HOST=db\nDB_PASSWORD=§\n"),
    Planted(_PASSWORD, 'DB_PASSWORD="§"'),
    Planted(_PHRASE, "DB_PASSWORD='§'"),
    Planted(_PASSWORD, "machine example.org login anna password §"),
    Planted(_PASSWORD, "//registry.example.org/:_authToken=§"),
    Planted(_PASSWORD, "<password>§</password>"),
    Planted(_PASSWORD, '<add key="Password" value="§" />'),
    Planted(_PASSWORD, "OperationalError: password '§' was refused for user anna"),
    Planted(_PASSWORD, "ValueError: token=§ is not valid"),
    Planted(_PASSWORD, "the password is: §"),
    Planted("hunter-2-hunter", '"""Ask anna. password: §"""'),
]

PLANTED = [
    Planted(one.secret, one.text.replace("§", one.secret))
    for group in (_BY_SHAPE, _KEYS, _ASSIGNED, _ENVIRONMENT, _ADDRESSES, _HEADERS, _FILES)
    for one in group
]
