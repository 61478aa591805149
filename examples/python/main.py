"""usage: main.py ADDRESS [CONNECTOR_ID [SILENCE_SECONDS]], and on standard input, a line each:

open SESSION USER [SOCKET [SOCKET_TYPE]]
close SESSION

Who it is, where the sidecar asks: files named by CONNECTOR_TOKEN_FILE, CONNECTOR_CA_FILE, CONNECTOR_CERT_FILE, CONNECTOR_KEY_FILE.
"""

import os
import sys

from border0.pdsidecar.v1 import evaluation_service_pb2 as pb
from connector import Connector, Refused, describe


def say(line):
    print(line, flush=True)


def main(address, connector_id="example", silence="10"):
    credentials = {file: os.environ.get("CONNECTOR_" + file.upper(), "") for file in ("token_file", "ca_file", "cert_file", "key_file")}
    connector = Connector(address, connector_id, float(silence), say, **credentials)
    for line in sys.stdin:
        match line.split():
            case ["open", key, user, *where]:
                socket, kind = (where + ["my-server", "ssh"][len(where):])[:2]
                request = pb.EvaluateRequest(session_key=key, user_email=user, socket_id=socket, socket_type=kind)
                try:
                    session = connector.open(request)
                except Refused as why:
                    say(f"denied {key}: {why}")
                    continue
                say(f"allowed {key}: {describe(session.actions)}")
                # Here a real connector starts to carry bytes, and cuts the connection when the session has ended.
                session.ended.add_done_callback(lambda ended, key=key: say(f"ended {key}: {' '.join(ended.result())}"))
            case ["close", key]:
                connector.end(key, "CLOSED", "The connection was closed.")
            case _:
                print("open SESSION USER [SOCKET [SOCKET_TYPE]] | close SESSION", file=sys.stderr)
    connector.stop()


main(*sys.argv[1:])
