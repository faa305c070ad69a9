"""P10: secrets of known shapes are hidden before a text is written."""

from __future__ import annotations

import pytest

from blase_lab.store import redact
from blase_lab.store.redact import HIDDEN

_KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEsecretsecret\n-----END RSA PRIVATE KEY-----"

PLANTED = [
    ("AKIA" + "IOSFODNN7EXAMPLE", "key = AKIA" + "IOSFODNN7EXAMPLE"),
    ("ghp_" + "a" * 36, "git clone https://ghp_" + "a" * 36 + "@github.com/x/y"),
    ("github_pat_" + "b" * 30, "github_pat_" + "b" * 30),
    ("glpat-" + "c" * 20, "headers = {'PRIVATE-TOKEN': 'glpat-" + "c" * 20 + "'}"),
    ("sk-" + "d" * 40, "openai.api_key = 'sk-" + "d" * 40 + "'"),
    ("hf_" + "e" * 34, "login('hf_" + "e" * 34 + "')"),
    ("xoxb-" + "1" * 20, "slack xoxb-" + "1" * 20),
    ("AIza" + "f" * 35, "AIza" + "f" * 35),
    ("sk_live_" + "g" * 24, "stripe sk_live_" + "g" * 24),
    ("eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSM", "jwt eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSM end"),
    ("hunter2", "postgresql://anna:hunter2@db.example.org/flights"),
    ("hunter2", "url = 'mysql+pymysql://root:hunter2@localhost:3306/x'"),
    ("hunter2", "password = 'hunter2'"),
    ("hunter2", 'connect(host="db", password="hunter2", port=1)'),
    ("hunter2", "os.environ['DB_PASSWORD'] = 'hunter2'"),
    ("hunter2", "os.environ.setdefault('API_TOKEN', \"hunter2\")"),
    ("hunter2", "export AWS_SECRET_ACCESS_KEY=hunter2"),
    ("hunter2", "DB_PASSWD=hunter2\nUSER=anna"),
    ("hunter2", "https://example.org/data.csv?user=anna&token=hunter2&page=1"),
    ("hunter2", '{"client_secret": "hunter2", "id": 1}'),
    ("hunter2hunter2", "Authorization: Bearer hunter2hunter2"),
    ("hunter2hunter2", "headers={'Authorization': 'Basic hunter2hunter2'}"),
    ("hunter2hunter2", "db_password: hunter2hunter2"),
    ("hunter2", "token: str = 'hunter2'"),
    ("hunter2", "psycopg.connect('host=db user=anna password=hunter2 port=1')"),
    ("hunter2", "'Server=db;Uid=anna;Pwd=hunter2;'"),
    ("hunter2", "blob?sv=2024&sig=hunter2&se=1"),
    ("hunter2", "mysql --user=anna --password=hunter2 flights"),
    ("MIIEsecretsecret", f"key = '''{_KEY}'''"),
    ("MIIEsecret", "-----BEGIN OPENSSH PRIVATE KEY-----\nMIIEsecret cut off"),
]


@pytest.mark.parametrize(("secret", "text"), PLANTED)
def test_a_planted_secret_is_hidden(secret: str, text: str) -> None:
    """No secret of a known shape is left in the text."""
    cleaned = redact(text)
    assert secret not in cleaned
    assert HIDDEN in cleaned


HARMLESS = [
    "def age_bucket(chunk):\n    return chunk['age'] // 10",
    "tokens = text.split()",
    "frame['token_count'] = frame['text'].str.len()",
    "keras.layers.Dense(64, activation='relu')",
    "password_column = frame.columns[0]",
    "https://example.org/data.csv?page=2",
    "sha256 " + "0" * 64,
    "The secret of good features is care.",
    "if token == other: pass",
    "tokenizer = 'wordpiece'",
    "authors = 'Anna and Ben'",
    "layer = TextVectorization(oov_token='[UNK]', pad_token='<padding>')",
    "connect(token=my_token, password=getpass.getpass())",
    "connect(\n    password=chosen_value\n)",
    "API_TOKEN = os.environ['API_TOKEN']",
    "API_TOKEN=os.environ['API_TOKEN']",
    "class Login:\n    password: SecretStr\n    token: np.float64",
    "frame['token'] == 'flight'",
    "f'{user}:{password}'",
    "def f(token: str, key: bytes) -> None: ...",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Code, addresses and prose without a secret are not touched."""
    assert redact(text) == text


def test_given_secrets_are_hidden_the_longest_first() -> None:
    """A secret that holds another leaves no piece behind; those too short to tell are left."""
    assert redact("x=abcdef abc", secrets=["abcd", "abcdef", "x"]) == f"x={HIDDEN} abc"


def test_the_redacted_python_still_parses() -> None:
    """Hiding keeps quotes, so that a captured cell stays Python."""
    code = "password = 'hunter2'\nenviron['API_KEY'] = \"hunter2\"\nf(token=r'hunter2', n=1)"
    compile(redact(code), "cell", "exec")


@pytest.mark.parametrize(
    "text",
    [
        "password = '20201122'\n",
        'password = "20201122"\n',
        "login = {'password': '20201122', 'user': 'anna'}\n",
        "address = 'postgresql://anna:20201122@host/db'\n",
        "words = 'password=20201122'\n",
        "connect(password=20201122)\n",
    ],
)
def test_a_secret_of_digits_leaves_code_that_can_be_read(text: str) -> None:
    """Within quotes it must not end its text; without them it becomes one."""
    hidden = redact(text, secrets=())

    compile(hidden, "cell", "exec")
    assert "20201122" not in hidden
    assert redact(hidden, secrets=()) == hidden
