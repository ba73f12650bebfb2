"""How long whoever stops a service waits for it."""


def test_whoever_stops_a_service_waits_as_long_as_it_takes(gen, objects, services, sections):
    for name, seconds in (("grading", 45), ("on", 52)):
        unit = sections(gen("systemd")[f"the-school-{name}.service"])
        assert unit["Service", "TimeoutStopSec"] == [str(seconds)]
        pod = objects["Deployment", name]["spec"]["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] == seconds
        assert services[name]["stop_grace_period"] == f"{seconds}s"
