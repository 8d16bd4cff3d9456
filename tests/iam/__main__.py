import json, sys
from pathlib import Path
