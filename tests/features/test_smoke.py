from senim.conformance.stage import Stage


def test_smoke(stage: Stage):
    p = stage.person()
    q = stage.question("use", "orders", p)
    stage.allows(q, "x")
