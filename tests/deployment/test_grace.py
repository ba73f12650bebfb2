"""How long whoever starts or stops a service waits for it."""


def test_whoever_stops_a_service_waits_as_long_as_it_takes(gen, objects, services, sections):
    for name, seconds in (("grading", 45), ("on", 52)):
        unit = sections(gen("systemd")[f"the-school-{name}.service"])
        assert unit["Service", "TimeoutStopSec"] == [str(seconds)]
        pod = objects["Deployment", name]["spec"]["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] == seconds
        assert services[name]["stop_grace_period"] == f"{seconds}s"


def test_whoever_starts_a_service_waits_as_long_as_it_says(gen, objects, services, sections):
    for name, seconds in (("grading", 60), ("on", 90)):
        unit = sections(gen("systemd")[f"the-school-{name}.service"])
        assert unit["Service", "TimeoutStartSec"] == [str(seconds)]
        (pod,) = objects["Deployment", name]["spec"]["template"]["spec"]["containers"]
        assert pod["startupProbe"]["failureThreshold"] == seconds
        assert pod["startupProbe"]["periodSeconds"] == 1
        assert services[name]["healthcheck"]["start_period"] == f"{seconds}s"
