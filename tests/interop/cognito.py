"""moto as Amazon Cognito, for the interoperability tests: its API over HTTP on a free port of loopback.

    python cognito.py [--port 0]

One JSON object a line on standard input, one JSON object a line as the answer on standard output; the end of the input
ends the program and the server. Every answer has "ok"; with "ok": false it also has "error". The commands:

    {"do": "pool"}
        makes a user pool with an app client -> {"ok": true, "endpoint": "http://127.0.0.1:...", "pool_id": "eu-west-1_..."}

    {"do": "sign in", "username": "vestibule_..."}
        makes the user when it is not there, and signs it in -> {"ok": true, "session": "..."}

    {"do": "is signed in", "session": "..."}
        whether Cognito takes what it issued at that sign-in -> {"ok": true, "signed_in": true}
"""

import argparse
import json
import logging
import os
import sys

import boto3
from moto.server import ThreadedMotoServer

REGION = "eu-west-1"
PASSWORD = "Correct-horse-1"


class Cognito:
    """One server with one user pool."""

    def __init__(self, port):
        os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
        os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
        self.server.start()
        self.endpoint = "http://{}:{}".format(*self.server.get_host_and_port())
        self.client = boto3.client("cognito-idp", region_name=REGION, endpoint_url=self.endpoint)

    def pool(self, _command):
        self.pool_id = self.client.create_user_pool(PoolName="shared")["UserPool"]["Id"]
        made = self.client.create_user_pool_client(
            UserPoolId=self.pool_id, ClientName="app", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )
        self.client_id = made["UserPoolClient"]["ClientId"]
        return {"endpoint": self.endpoint, "pool_id": self.pool_id}

    def sign_in(self, command):
        user = {"UserPoolId": self.pool_id, "Username": command["username"]}
        try:
            self.client.admin_get_user(**user)
        except self.client.exceptions.UserNotFoundException:
            self.client.admin_create_user(**user)
            self.client.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
        answer = self.client.admin_initiate_auth(
            UserPoolId=self.pool_id,
            ClientId=self.client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": command["username"], "PASSWORD": PASSWORD},
        )
        return {"session": answer["AuthenticationResult"]["AccessToken"]}

    def is_signed_in(self, command):
        try:
            self.client.get_user(AccessToken=command["session"])
            return {"signed_in": True}
        except self.client.exceptions.NotAuthorizedException:
            return {"signed_in": False}


def main():
    arguments = argparse.ArgumentParser(description="moto as Cognito, on standard input and output.")
    arguments.add_argument("--port", type=int, default=0)
    logging.disable(logging.CRITICAL)
    cognito = Cognito(arguments.parse_args().port)
    commands = {"pool": cognito.pool, "sign in": cognito.sign_in, "is signed in": cognito.is_signed_in}
    for line in sys.stdin:
        try:
            command = json.loads(line)
            answer = {"ok": True, **commands[command["do"]](command)}
        except Exception as error:  # every fault belongs to the test that asked
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
    cognito.server.stop()


if __name__ == "__main__":
    main()
