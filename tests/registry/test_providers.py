from kitfox.registry import OriginalProvider, Patch, Providers

LOG = OriginalProvider("LogService", "http://localhost:4000")
OTHER_LOG = OriginalProvider("LogService", "http://localhost:4001")


def test_a_provider_told_twice_is_gone_after_one_removal():
    providers = Providers()
    providers.apply(Patch((LOG, LOG), None))
    providers.apply(Patch((LOG,), None))
    providers.apply(Patch((), (LOG,)))
    assert providers.urls("LogService") == ()


def test_the_first_patch_of_a_registration_replaces_what_was_known():
    providers = Providers()
    providers.apply(Patch((LOG,), None))
    providers.begin()
    assert providers.urls("LogService") == (LOG.url,)
    providers.apply(Patch((OTHER_LOG,), None))
    assert providers.urls("LogService") == (OTHER_LOG.url,)


def test_a_patch_that_says_nothing_changes_nothing():
    providers = Providers()
    providers.apply(Patch((LOG,), None))
    providers.apply(Patch(None, None))
    providers.apply(Patch((), ()))
    assert providers.urls("LogService") == (LOG.url,)
    assert providers.urls("GradingService") == ()
