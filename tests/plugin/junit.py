"""Reading JUnit files."""

import xml.etree.ElementTree as ET


def cases(path):
    """The test cases of a JUnit file by name: (outcome, message, properties)."""
    found = {}
    for case in ET.parse(path).iter("testcase"):
        ended = [e for e in case if e.tag in ("failure", "skipped", "error")]
        outcome, message = (ended[0].tag, ended[0].get("message")) if ended else ("passed", "")
        properties = {p.get("name"): p.get("value") for p in case.iter("property")}
        found[case.get("name")] = (outcome, message, properties)
    return found
