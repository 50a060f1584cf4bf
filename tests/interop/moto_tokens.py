"""Tokens made by moto, the simulator of AWS, for the interoperability tests.

    python moto_tokens.py

Makes a user pool, an app client and a user with a group inside this process, signs the user in, and writes one JSON
object: {"pool", "client", "issued_at", "id_token", "access_token", "keys": the JSON Web Key Set}. Nothing is sent
anywhere.
"""

import json
import time

import boto3
import requests
from moto import mock_aws

REGION = "eu-west-1"
PASSWORD = "Correct-horse-1"


def main():
    cognito = boto3.client("cognito-idp", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    pool = cognito.create_user_pool(PoolName="acme")["UserPool"]["Id"]
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="shop", ExplicitAuthFlows=flows)
    client = client["UserPoolClient"]["ClientId"]
    user = {"UserPoolId": pool, "Username": "ada"}
    cognito.admin_create_user(**user, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
    cognito.create_group(UserPoolId=pool, GroupName="admin")
    cognito.admin_add_user_to_group(**user, GroupName="admin")
    tokens = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    keys = requests.get(f"https://cognito-idp.{REGION}.amazonaws.com/{pool}/.well-known/jwks.json", timeout=5)
    keys.raise_for_status()
    answer = {
        "pool": pool,
        "client": client,
        "issued_at": int(time.time()),
        "id_token": tokens["IdToken"],
        "access_token": tokens["AccessToken"],
        "keys": keys.json(),
    }
    print(json.dumps(answer))


with mock_aws():
    main()
