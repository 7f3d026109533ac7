"""Do the deciding bounds cover what they promise? The long simulations, over the whole grid."""

from __future__ import annotations

import pytest

from tests.calibration.criteria import complaints
from tests.calibration.grid import FORMS
from tests.calibration.simulate import Setting

pytestmark = pytest.mark.calibration


@pytest.mark.parametrize(
    "setting", [s for settings in FORMS.values() for s in settings()], ids=lambda s: s.name
)
def test_deciding_bounds_cover(setting: Setting) -> None:
    assert not complaints(setting, setting.run())
