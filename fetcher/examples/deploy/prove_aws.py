"""Creates the EKS role of this folder on an emulator, takes it on with a web identity token, reads both secrets.

usage: prove_aws.py ENDPOINT FOLDER
"""
import json
import sys

import boto3

endpoint, folder = sys.argv[1:3]
login = dict(region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")
names = {"ACCOUNT": "123456789012", "REGION": "eu-west-1", "CLUSTER": "ABCDEF0123456789", "KEY": "11111111-2222-3333-4444-555555555555"}


def document(name):
    text = open(f"{folder}/{name}").read()
    for word, value in names.items():
        text = text.replace(word, value)
    json.loads(text)
    return text


def client(service, **given):
    return boto3.client(service, endpoint_url=endpoint, **(given or login))


iam, sts = client("iam"), client("sts")
role = iam.create_role(RoleName="payments", AssumeRolePolicyDocument=document("trust.json"))["Role"]
policy = iam.create_policy(PolicyName="payments-read", PolicyDocument=document("policy.json"))["Policy"]
iam.attach_role_policy(RoleName="payments", PolicyArn=policy["Arn"])
for name in ("payments/stripe", "payments/database"):
    client("secretsmanager").create_secret(Name=name, SecretString=f"value of {name}")

token = sts.assume_role_with_web_identity(RoleArn=role["Arn"], RoleSessionName="payments", WebIdentityToken="a.b.c", DurationSeconds=900)
taken = token["Credentials"]
manager = client(
    "secretsmanager", region_name="eu-west-1", aws_access_key_id=taken["AccessKeyId"],
    aws_secret_access_key=taken["SecretAccessKey"], aws_session_token=taken["SessionToken"],
)
for name in ("payments/stripe", "payments/database"):
    assert manager.get_secret_value(SecretId=name)["SecretString"] == f"value of {name}"

allowed = json.loads(document("policy.json"))["Statement"]
resources = [r for s in allowed for r in (s["Resource"] if isinstance(s["Resource"], list) else [s["Resource"]])]
assert "*" not in resources and not any(r.endswith(":*") for r in resources)
trust = json.loads(document("trust.json"))["Statement"][0]["Condition"]["StringEquals"]
assert any(k.endswith(":sub") and v == "system:serviceaccount:payments:payments" for k, v in trust.items())
