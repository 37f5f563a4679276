"""One XMPP account on slixmpp, driven by lines of JSON.

Arguments: JID, password, port on 127.0.0.1, upload service.
Standard input: {"upload": path, "to": jid} uploads the file and sends its link, as a chat client does.
Standard output: {"event": "ready"}, {"event": "sent", "url"}, {"event": "failed", "text"},
{"event": "message", "from", "body"}. Ends when standard input ends.
"""

import asyncio
import json
import sys
from pathlib import Path

from slixmpp import JID, ClientXMPP


def report(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


class Account(ClientXMPP):
    def __init__(self, jid, password, upload_service):
        super().__init__(jid, password)
        self.register_plugin("xep_0066")
        self.register_plugin("xep_0363", {"upload_service": JID(upload_service)})
        self.add_event_handler("session_start", self.on_session_start)
        self.add_event_handler("message", self.on_message)
        self.add_event_handler("failed_auth", lambda _: self.give_up("login refused"))
        self.add_event_handler("connection_failed", lambda why: self.give_up(str(why)))

    def give_up(self, text):
        report("failed", text=text)
        self.abort()

    async def on_session_start(self, _event):
        self.send_presence()
        report("ready")
        asyncio.ensure_future(self.obey())

    def on_message(self, message):
        if message["body"]:
            report("message", **{"from": message["from"].bare, "body": message["body"]})

    async def obey(self):
        loop = asyncio.get_event_loop()
        commands = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        while line := await commands.readline():
            command = json.loads(line)
            try:
                await self.upload(Path(command["upload"]), JID(command["to"]))
            except Exception as error:  # reported to the test, which fails with it
                report("failed", text=f"{type(error).__name__}: {error}")
        self.disconnect()

    async def upload(self, path, to):
        with path.open("rb") as body:
            url = await self["xep_0363"].upload_file(path, input_file=body, timeout=60)
        message = self.make_message(mto=to, mbody=url, mtype="chat")
        message["oob"]["url"] = url
        message.send()
        report("sent", url=url)


def main():
    jid, password, port, upload_service = sys.argv[1:]
    account = Account(jid, password, upload_service)
    account.connect(("127.0.0.1", int(port)), disable_starttls=True)
    account.loop.run_until_complete(account.disconnected)


main()
