"""A route that is split between two variants, and its users: what the tests of splits, weights and mirrors share."""

import functools
from collections import Counter

from support.origins import named


def split_config(stable, canary, weights=(50, 50), *, split=None, route=None, listener=None, clusters=None, **top):
    """The route `shop`, whose variants stable and canary have these addresses as their one endpoint. The keyword
    arguments add keys; `clusters` adds to clusters by name. Users are known by the cookie sid, unless `split` has other
    keys."""
    made = {"shop-v1": {"endpoints": [stable]}, "shop-v2": {"endpoints": [canary]}}
    for name, keys in (clusters or {}).items():
        made[name] = {**made.get(name, {}), **keys}
    variants = [{"name": "stable", "cluster": "shop-v1", "weight": weights[0]},
                {"name": "canary", "cluster": "shop-v2", "weight": weights[1]}]
    return {
        "workers": 1,
        "listeners": {"web": {"address": "127.0.0.1:0", "trusted_proxies": ["127.0.0.0/8"], **(listener or {})}},
        "routes": [{"name": "shop", "split": {"variants": variants, "key": [{"cookie": "sid"}], **(split or {})},
                    **(route or {})}],
        "clusters": made,
        **top,
    }


def named_origin(stage, name, fields=""):
    """An origin that answers its name to everything."""
    origin = stage.origin()
    origin.script = functools.partial(origin.answer_all, answer=named(name, fields))
    return origin


def user(number):
    """The fields of a request of that user."""
    return [("Cookie", f"theme=dark; sid=user-{number}")]


def assignments(weir, users, fields=user):
    """{user: name of the variant that answered}, one request each on one connection."""
    with weir.client() as client:
        return {number: client.request("GET", f"/{number}", fields(number)).body.decode() for number in users}


def counted(assigned):
    return Counter(assigned.values())
