"""How few values may be odd for the others to count as all; knows neither of them."""

from typing import Final

# As many lines may be malformed where a contract says nothing else. Of fewer than a hundred values it is not one.
FEW: Final = 0.01
