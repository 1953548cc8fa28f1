"""The aws command and botocore with a fake key, against moto's services: `aws_test.py PATH-TO-TACIT`.

Moto takes any signature. So what stands before it checks each by the real key, as AWS does, and passes on what is signed with that alone.
"""

import http.client
import json
import os
import pathlib
import re
import sys
import textwrap
import traceback

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "broker"), str(here.parent / "sessions")]
import signed
from moto.server import ThreadedMotoServer
from person import Person
from stand_in import StandIn
from tls_service import QuietHandler, TLSService

PROGRAM = sys.argv[1]
KEY_ID = "AKIACANARY7ZQ4XK2MV5"
SECRET = ("CANARY/" + os.urandom(20).hex())[:40]
POLICY = """\
policies:
  - name: claude
    agent_id: claude
    allowed_keys: ["**"]
    capabilities: [broker]
request_rules:
  - name: aws
    agent_id: claude
    keys: ["aws/*"]
    hosts: [localhost]
    ports: [{port}]
    methods: [GET, HEAD, POST, PUT, DELETE]
    paths: ["/**"]
    places: [aws-signature]
    own_network: allow
    authorities: |
{authority}
  - name: a role
    agent_id: claude
    keys: [aws/key]
    hosts: [localhost]
    ports: [{sts_port}]
    methods: [POST]
    paths: [/]
    places: [aws-signature]
    own_network: allow
    seal:
      - key_id: /AssumeRoleResponse/AssumeRoleResult/Credentials/AccessKeyId
      - secret_key: /AssumeRoleResponse/AssumeRoleResult/Credentials/SecretAccessKey
      - session: /AssumeRoleResponse/AssumeRoleResult/Credentials/SessionToken
    seal_into: aws/role
    seal_expiry: /AssumeRoleResponse/AssumeRoleResult/Credentials/Expiration
    authorities: |
{sts_authority}"""
# Secret key and session token by the key's name: the real ones, and those that moto gave out.
KEYS = {KEY_ID: (SECRET, None)}


def given(document):
    """The key in an answer of moto's."""
    found = [re.search(f"<{name}>([^<]+)</{name}>".encode(), document) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
    return [each[1].decode() for each in found] if all(found) else None


class Front(TLSService):
    """Lets through what is signed with a real key."""

    def __init__(self, folder, behind):
        super().__init__(folder)
        self.passed, self.refused = [], []
        front = self

        class Handler(QuietHandler):
            def answer(self):
                if self.headers.get("Expect", "").lower() == "100-continue":
                    self.send_response_only(100)
                    self.end_headers()
                body = StandIn.body(self)
                try:
                    key_id = signed.key_id(self.path, self.headers)
                    secret, token = KEYS.get(key_id, ("", None))
                    signed.check(self.command, self.path, self.headers, body, key_id, secret)
                    signed.expect(self.headers.get("X-Amz-Security-Token") == token, "the session's token")
                except signed.Refused as refusal:
                    front.refused.append(str(refusal))
                    return self.send(403, [], b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
                front.passed.append((self.command, self.path, self.headers, len(body)))
                connection = http.client.HTTPConnection(*behind, timeout=60)
                fields = {name: value for name, value in self.headers.items() if name.lower() not in ("transfer-encoding", "content-length", "expect", "connection")}
                connection.request(self.command, self.path, body, fields)
                reply = connection.getresponse()
                content = reply.read()
                if key := given(content):
                    KEYS[key[0]] = (key[1], key[2])
                connection.close()
                self.send(reply.status, reply.getheaders(), content)

            def send(self, status, fields, body):
                self.send_response_only(status)
                for name, value in fields:
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                length = dict((name.lower(), value) for name, value in fields).get("content-length", "0") if self.command == "HEAD" else str(len(body))
                self.send_header("Content-Length", length)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

        self.serve(Handler)


class Scene:
    def __init__(self):
        self.person = Person(PROGRAM)
        self.home = self.person.home
        self.moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.moto.start()
        self.front = Front(self.home / "service", self.moto.get_host_and_port())
        self.url = f"https://localhost:{self.front.port}"
        self.sts = Front(self.home / "sts", self.moto.get_host_and_port())
        authority, sts_authority = [textwrap.indent(front.authority, "      ") for front in (self.front, self.sts)]
        (self.home / "policy.yaml").write_text(
            POLICY.format(port=self.front.port, authority=authority, sts_port=self.sts.port, sts_authority=sts_authority))
        for field, value in [("access_key_id", KEY_ID), ("secret_access_key", SECRET)]:
            self.person.tacit("set", "aws/key", "--field", field, "--bind", f"AWS_{field.upper()}={field}", input=value.encode())
        self.person.tacit("agent", "add", "claude")
        self.person.tacit("policy", "apply", "policy.yaml")
        self.person.tacit("unlock")

    def run(self, *words, refused=None, keys=("aws/key",)):
        """A program of a run for the agent; `refused` is what it has to say, where it is to fail."""
        through = ["env", "-u", "NO_PROXY", "-u", "no_proxy", f"AWS_ENDPOINT_URL={self.url}", "AWS_DEFAULT_REGION=eu-central-1", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=",
                   "AWS_EC2_METADATA_DISABLED=true"]
        done = self.person.tacit("run", "--agent", "claude", "--show-tokens", *(word for key in keys for word in ("-k", key)), "--", *through, *words, code=None)
        assert (done.returncode != 0) == bool(refused), (words, done.returncode, done.out[-3000:], done.err[-3000:], self.front.refused)
        for value in {value for name, values in KEYS.items() for value in (name, *values) if value}:
            assert value.encode() not in done.out + done.err, done.out
        assert not self.front.refused + self.sts.refused, self.front.refused + self.sts.refused
        assert not refused or refused.encode() in done.err, done.err
        return done.out.decode()

    def aws(self, *words, refused=None):
        return self.run(sys.executable, "-m", "awscli", *words, refused=refused)

    def python(self, script):
        file = self.home / "client.py"
        # Objects below an address of the bucket's own would have a name that nobody resolves here.
        head = "import boto3, os\nfrom botocore.config import Config\ndef client(name): return boto3.client(name, config=Config(s3={'addressing_style': 'path'}))\n"
        file.write_text(head + textwrap.dedent(script))
        return self.run(sys.executable, str(file))

    def taken(self):
        passed, self.front.passed[:] = list(self.front.passed), []
        return passed

    def close(self):
        self.front.close()
        self.sts.close()
        self.moto.stop()
        self.person.close()


def who_asks(scene):
    """The one operation of its service that gives out no credentials; what gives some out goes nowhere."""
    printed = scene.aws("sts", "get-caller-identity")
    assert json.loads(printed)["Arn"] and len(scene.taken()) == 1, printed
    for words in [
        ("sts", "get-session-token"), ("iam", "create-access-key", "--user-name", "x"), ("ssm", "get-parameter", "--name", "x", "--with-decryption"),
        ("secretsmanager", "get-secret-value", "--secret-id", "x"), ("kms", "decrypt", "--key-id", "x", "--ciphertext-blob", "AAAA"),
        ("iot", "create-keys-and-certificate"), ("apigateway", "get-api-keys", "--include-values"),
    ]:
        scene.aws(*words, refused="holds credentials")
        assert not scene.taken(), words


def lines(count):
    return b"".join(b"line %d\n" % number for number in range(count // 6))[:count]


def objects(scene):
    """In chunks with a checksum behind them, by parts, and by an address that was signed beforehand."""
    # Of random bytes, some megabytes hold what looks like the beginning of a compressed member, and no value can be found in one.
    (scene.home / "small").write_bytes(lines(100_000))
    (scene.home / "large").write_bytes(lines(11 << 20))
    (scene.home / "config").write_text("[default]\ns3 =\n  addressing_style = path\n")
    (scene.home / "whole").write_text("[default]\ns3 =\n  addressing_style = path\n  multipart_threshold = 5GB\n")
    aws = lambda *words, config="config", **more: scene.run("env", f"AWS_CONFIG_FILE={scene.home}/{config}", sys.executable, "-m", "awscli", *words, **more)
    aws("s3", "mb", "s3://bucket")
    aws("s3", "cp", "--no-progress", "small", "s3://bucket/a b/ä+1")
    chunked = [headers for method, _, headers, _ in scene.taken() if headers.get("X-Amz-Content-Sha256") == signed.CHUNKED]
    assert chunked, "nothing went in chunks"
    aws("s3", "cp", "--no-progress", "s3://bucket/a b/ä+1", "again")
    assert (scene.home / "again").read_bytes() == (scene.home / "small").read_bytes()
    aws("s3", "cp", "--no-progress", "large", "s3://bucket/large")
    parts = [path for method, path, _, size in scene.taken() if method == "PUT" and "partNumber=" in path and size > 1 << 20]
    assert len(parts) == 2, parts
    # In parts no value could be found: it comes whole or not at all.
    aws("s3", "cp", "--no-progress", "s3://bucket/large", "again", refused="download failed")
    aws("s3", "cp", "--no-progress", "s3://bucket/large", "again", config="whole")
    assert (scene.home / "again").read_bytes() == (scene.home / "large").read_bytes()
    assert "large" in aws("s3", "ls", "s3://bucket/")
    address = aws("s3", "presign", "s3://bucket/large").strip()
    assert KEY_ID not in address
    # Made in one run, it names that run's key: in another it is nobody's.
    scene.taken()
    scene.run("sh", "-ec", f'''
        address=$(AWS_CONFIG_FILE="{scene.home}/config" "{sys.executable}" -m awscli s3 presign "s3://bucket/a b/ä+1")
        curl -sSf -o presigned "$address"
        curl -s -o /dev/null -w "%{{http_code}}" "$address&x=1" | grep '40[03]' > /dev/null''')
    assert (scene.home / "presigned").read_bytes() == (scene.home / "small").read_bytes()
    assert len(scene.taken()) == 1


def botocore_asks(scene):
    printed = scene.python("""
        s3 = client("s3")
        body = os.urandom(150).hex().encode() * 1000
        s3.create_bucket(Bucket="other", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        s3.put_object(Bucket="other", Key="x", Body=body)
        assert s3.get_object(Bucket="other", Key="x")["Body"].read() == body
        upload = s3.create_multipart_upload(Bucket="other", Key="parts")["UploadId"]
        tags = [s3.upload_part(Bucket="other", Key="parts", UploadId=upload, PartNumber=n, Body=bytes([n]) * (5 << 20)) for n in (1, 2)]
        parts = [{"ETag": tag["ETag"], "PartNumber": n} for n, tag in enumerate(tags, 1)]
        s3.complete_multipart_upload(Bucket="other", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
        assert s3.head_object(Bucket="other", Key="parts")["ContentLength"] == 10 << 20
        tables = client("dynamodb")
        tables.create_table(TableName="t", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
                            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])
        tables.put_item(TableName="t", Item={"k": {"S": "one"}, "v": {"B": bytes(range(256))}})
        assert tables.get_item(TableName="t", Key={"k": {"S": "one"}})["Item"]["v"]["B"] == bytes(range(256))
        queues = client("sqs")
        queue = queues.create_queue(QueueName="q")["QueueUrl"].replace("http://", "https://")
        queues.send_message(QueueUrl=queue, MessageBody="hello & <world>")
        assert queues.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hello & <world>"
        assert client("sts").get_caller_identity()["Account"]
        print("used")
        """)
    assert printed == "used\n", printed


def a_role(scene):
    """A session of a role: its key goes into the vault, and what the program gets for it signs as any does; what the rule does not seal goes no further."""
    before = set(KEYS)
    printed = scene.python(f'''
        sts = boto3.client("sts", endpoint_url="https://localhost:{scene.sts.port}")
        made = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/reader", RoleSessionName="a-test")["Credentials"]
        session = boto3.Session(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
        assert session.client("s3", config=Config(s3={{"addressing_style": "path"}})).list_buckets()["Buckets"]
        print(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"], made["Expiration"].year)
        try:
            sts.get_session_token()
        except Exception as error:
            print("refused", error)
        ''')
    role, *others = sorted(set(KEYS) - before)
    assert "refused" in printed and len(others) <= 1, printed
    stored = [scene.person.tacit("get", "aws/role", "--field", field).out.decode() for field in ("key_id", "secret_key", "session")]
    assert stored[0] in KEYS and tuple(stored[1:]) == KEYS[stored[0]] and not set(stored) & set(printed.split()), printed
    assert any(f"Credential={stored[0]}/" in (headers.get("Authorization") or "") for _, _, headers, _ in scene.taken()), "the role's key signed nothing"
    assert scene.sts.passed and printed.startswith(("ASIA", "AKIA")), printed
    # In a run of its own it is a secret as any.
    scene.run(sys.executable, "-m", "awscli", "s3", "ls", keys=["aws/role#key_id=AWS_ACCESS_KEY_ID", "aws/role#secret_key=AWS_SECRET_ACCESS_KEY", "aws/role#session=AWS_SESSION_TOKEN"])
    assert any(f"Credential={stored[0]}/" in (headers.get("Authorization") or "") for _, _, headers, _ in scene.taken()), "the role's key signed nothing"


def main():
    scene = Scene()
    failed = []
    try:
        for test in [who_asks, objects, botocore_asks, a_role]:
            try:
                test(scene)
                print("ok   ", test.__name__, flush=True)
            except AssertionError:
                failed.append(test.__name__)
                traceback.print_exc()
                print("FAIL ", test.__name__, flush=True)
        for path in scene.home.rglob("*"):
            if path.is_file() and not path.is_symlink():
                data = path.read_bytes()
                assert not any(value.encode() in data for name, values in KEYS.items() for value in (name, *values) if value), path
    finally:
        scene.close()
    sys.exit(bool(failed))


main()
