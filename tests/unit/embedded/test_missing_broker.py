import pytest
from support.brokers import unless_missing

from xqueue_embedded.errors import ProgramMissing


def test_a_missing_broker_skips_the_test_on_a_developers_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="mosquitto is missing"), unless_missing():
        raise ProgramMissing("mosquitto", remedy="Install it.")  # noqa: EM101  # the name of a program


def test_a_missing_broker_fails_the_test_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(ProgramMissing), unless_missing():
        raise ProgramMissing("mosquitto", remedy="Install it.")  # noqa: EM101  # the name of a program
