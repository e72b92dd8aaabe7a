def control_names():
    return frozenset(
        "policy.scope collection.declared-only vault.sealed gate.purpose gate.people-never consent.withdrawal".split()
    )


class Conformance:
    def __init__(self, *a):
        pass
