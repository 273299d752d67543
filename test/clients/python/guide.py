"""The blocks of docs/oidc.md, which tests run as they stand there."""

import re

from server import ROOT

FENCE = re.compile(r"^```\S+[^\n]*\n(?://|#) (\S+)\n(.*?)^```$", re.M | re.S)


def guide(**addresses: str) -> dict:
    """The blocks by the file names that their first lines give them, with ports of localhost replaced: guide(p7654="http://...")."""
    blocks = dict(FENCE.findall((ROOT / "docs/oidc.md").read_text()))
    for port, address in addresses.items():
        blocks = {name: code.replace(f"http://localhost:{port[1:]}", address) for name, code in blocks.items()}
    return blocks
