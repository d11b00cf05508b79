"""What a Weir counts, read from its /metrics as a scraper would."""

import re

from support.waiting import TooLate, wait_for

SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$')


def parse_metrics(text):
    """{name: [(labels, value)]}; raises on a line that is not of the format."""
    families, samples = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            if name in families:
                raise AssertionError(f"family {name} twice")
            families[name] = kind
        elif not line.startswith("# HELP "):
            found = SAMPLE.match(line)
            if not found:
                raise AssertionError(f"no sample: {line}")
            base = re.sub(r"_(bucket|sum|count)$", "", found[1])
            if found[1] not in families and families.get(base) != "histogram":
                raise AssertionError(f"no type before: {line}")
            labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found[2] or ""))
            samples.setdefault(found[1], []).append((labels, float(found[3])))
    return samples


def value(samples, name, **labels):
    """The sum of the samples that have these labels; 0 without any."""
    return sum(number for own, number in samples.get(name, ()) if labels.items() <= own.items())


def metric(weir, name, **labels):
    return value(parse_metrics(weir.admin_get("/metrics").body.decode()), name, **labels)


def wait_for_metric(weir, expected, name, **labels):
    """Counters are added to when an exchange is over, which is just after its client has the answer."""
    found = []

    def reached():
        found[:] = [metric(weir, name, **labels)]
        return found[0] == expected
    try:
        wait_for(reached, "")
    except TooLate:
        raise TooLate(f"{name} {labels} is {found[0]:g}, not {expected}") from None
